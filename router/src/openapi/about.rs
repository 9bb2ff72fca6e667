//! What a route says of itself: everything in its documentation that the table of routes does not know.

use serde_json::Value;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{
    ArrayBuilder, Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema, Type,
};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::faults::{BODY, Fault};
use crate::directory::Role;

/// The groups of operations, in the order in which they are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tag {
    /// Work items.
    Items,
    /// Cases.
    Cases,
    /// What workers may decide.
    Decisions,
    /// Reviews and ratings.
    Quality,
    /// What should change.
    Improvements,
    /// Tasks.
    Tasks,
    /// What a worker does.
    Work,
    /// Who is there.
    Workers,
    /// Conversations.
    Conversations,
    /// Queues.
    Queues,
    /// What operations people look at.
    Operations,
    /// Events for other systems.
    Events,
    /// Signing in and out.
    Sessions,
    /// Users and the audit log.
    Users,
    /// Routing rules.
    Rules,
    /// Where platforms post.
    Webhooks,
    /// Visitors' chats.
    Chat,
    /// The program itself.
    System,
    /// What browsers show.
    Pages,
}

impl Tag {
    /// Every group.
    pub const ALL: [Self; 19] = [
        Self::Items,
        Self::Cases,
        Self::Decisions,
        Self::Quality,
        Self::Improvements,
        Self::Tasks,
        Self::Work,
        Self::Workers,
        Self::Conversations,
        Self::Queues,
        Self::Operations,
        Self::Events,
        Self::Sessions,
        Self::Users,
        Self::Rules,
        Self::Webhooks,
        Self::Chat,
        Self::System,
        Self::Pages,
    ];

    /// The name, and what is in it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Items => ("items", "Work items that other systems push in."),
            Self::Cases => ("cases", "Matters with a typed process: stages, targets, owners."),
            Self::Decisions => ("decisions", "What workers may decide, who decides above that, and the ledger of it."),
            Self::Quality => ("quality", "Reviews of finished work, ratings of answers, and what they say."),
            Self::Improvements => {
                ("improvements", "What should change: written down, answered by a manager, measured.")
            }
            Self::Tasks => ("tasks", "What waits, who has it, what was said."),
            Self::Work => ("work", "What a worker does with a task, under the lease he was given."),
            Self::Workers => ("workers", "Who is there; a worker's connection, by WebSocket or long poll."),
            Self::Conversations => ("conversations", "Conversations with customers."),
            Self::Queues => ("queues", "Queues as they are now."),
            Self::Operations => ("operations", "Messages of ours, everything that happened, what could not be read."),
            Self::Events => ("events", "Events for other systems: where they are posted, and what became of it."),
            Self::Sessions => ("sessions", "People signing in and out."),
            Self::Users => ("users", "The people of a tenant, and who changed what."),
            Self::Rules => ("rules", "Routing rules: the live set, its versions, the draft, publishing."),
            Self::Webhooks => ("webhooks", "Where platforms post."),
            Self::Chat => ("chat", "The web chat of visitors, who have tokens instead of keys."),
            Self::System => ("system", "Health, figures and this document."),
            Self::Pages => ("pages", "What people open in a browser; no JSON."),
        }
    }
}

/// The documentation of one route.
pub struct About {
    /// The operation's id: the name of the method in a generated client.
    pub id: &'static str,
    /// Where it belongs.
    pub tag: Tag,
    /// One line.
    pub summary: &'static str,
    /// More, where one line is not enough.
    pub text: &'static str,
    /// Whose credentials it takes.
    pub credentials: Credentials,
    /// What stands in path and query.
    pub parameters: Vec<Parameter>,
    /// The body it takes.
    pub body: Option<RequestBody>,
    /// What it answers when all is well, by status.
    pub answers: Vec<(u16, Response)>,
    /// What it answers when something is wrong.
    pub faults: Vec<Fault>,
    /// The schemas that all this names.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

/// Whose credentials a route takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Credentials {
    /// Nobody's.
    None,
    /// A visitor's token.
    Visitor,
    /// A key or a session of one of these roles; whether something is changed, which takes the page's token, too.
    Roles(&'static [Role], bool),
}

impl About {
    /// The operation `id`, which does what `summary` says.
    pub const fn new(id: &'static str, tag: Tag, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            text: "",
            credentials: Credentials::None,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            faults: Vec::new(),
            schemas: Vec::new(),
        }
    }

    /// More words, as Markdown.
    #[must_use]
    pub const fn text(mut self, text: &'static str) -> Self {
        self.text = text;
        self
    }

    /// It takes a visitor's token.
    #[must_use]
    pub const fn by_visitor(mut self) -> Self {
        self.credentials = Credentials::Visitor;
        self
    }

    /// A part of the path.
    #[must_use]
    pub fn place<T: PartialSchema>(mut self, name: &str, says: &str) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(says))
            .schema(Some(T::schema()));
        self.parameters.push(parameter.build());
        self
    }

    /// What the query may say.
    #[must_use]
    pub fn asks<T: IntoParams>(mut self) -> Self {
        self.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        self.fails(&[super::faults::BAD_REQUEST])
    }

    /// A strict JSON body, and one that is taken.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self, example: Value) -> Self {
        self.body = Some(self.json_body::<T>(example).required(Some(Required::True)).build());
        self.fails(BODY)
    }

    /// A JSON body that is read leniently: of whatever media type, and what is not known in it is passed over.
    #[must_use]
    pub fn takes_leniently<T: ToSchema>(mut self, required: Required, example: Value) -> Self {
        self.body = Some(self.json_body::<T>(example).required(Some(required)).build());
        let lenient: Vec<Fault> = BODY.iter().copied().filter(|fault| *fault != super::faults::MEDIA_TYPE).collect();
        self.fails(&lenient)
    }

    /// Whatever a platform posts.
    #[must_use]
    pub fn takes_anything(mut self, says: &str) -> Self {
        let anything = ContentBuilder::new().schema(Some(ObjectBuilder::new())).build();
        let body = RequestBodyBuilder::new().description(Some(says)).content("application/json", anything);
        self.body = Some(body.required(Some(Required::True)).build());
        let of_body = [super::faults::SLOW_BODY, super::faults::TOO_LARGE, super::faults::CONTENT_ENCODING];
        self.fails(&of_body).fails(&[super::faults::BAD_REQUEST])
    }

    fn json_body<T: ToSchema>(&mut self, example: Value) -> RequestBodyBuilder {
        let content = ContentBuilder::new().schema(Some(self.schema::<T>())).example(Some(example));
        RequestBodyBuilder::new().content("application/json", content.build())
    }

    /// A JSON answer.
    #[must_use]
    pub fn gives<T: ToSchema>(mut self, status: u16, says: &str) -> Self {
        let content = Content::new(Some(self.schema::<T>()));
        self.answer(status, ResponseBuilder::new().description(says).content("application/json", content))
    }

    /// A page of a list.
    #[must_use]
    pub fn gives_page<T: ToSchema>(mut self, says: &str) -> Self {
        let next = ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("What to give as `after` for the next page; null at the end."));
        let page = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(self.schema::<T>()).description(Some(says)))
            .required("items")
            .property("next", next)
            .required("next");
        let name = format!("{}Page", T::name());
        let content = Content::new(Some(Ref::from_schema_name(&name)));
        self.schemas.push((name, page.into()));
        self.answer(200, ResponseBuilder::new().description(says).content("application/json", content))
    }

    /// 204: it is done, and there is nothing to say.
    #[must_use]
    pub fn gives_nothing(self, says: &str) -> Self {
        self.answer(204, ResponseBuilder::new().description(says))
    }

    /// An answer of another media type.
    #[must_use]
    pub fn gives_text(self, media_type: &str, says: &str) -> Self {
        self.gives_text_as(200, media_type, says)
    }

    /// The same with another status.
    #[must_use]
    pub fn gives_text_as(self, status: u16, media_type: &str, says: &str) -> Self {
        let content = Content::new(Some(String::schema()));
        self.answer(status, ResponseBuilder::new().description(says).content(media_type, content))
    }

    /// An answer without a body.
    #[must_use]
    pub fn gives_bare(self, status: u16, says: &str) -> Self {
        self.answer(status, ResponseBuilder::new().description(says))
    }

    fn answer(mut self, status: u16, response: ResponseBuilder) -> Self {
        self.answers.push((status, response.build()));
        self
    }

    /// A JSON answer as it may look, for the answer said last.
    #[must_use]
    pub fn such_as(mut self, example: Value) -> Self {
        let contents = self.answers.last_mut().into_iter().flat_map(|(_, response)| response.content.values_mut());
        for content in contents {
            if let RefOr::T(content) = content {
                content.example = Some(example.clone());
            }
        }
        self
    }

    /// A header of the answer said last.
    #[must_use]
    pub fn header(mut self, name: &str, says: &str) -> Self {
        let header = HeaderBuilder::new().schema(Some(String::schema())).description(Some(says)).build();
        if let Some((_, response)) = self.answers.last_mut() {
            response.headers.insert(name.to_owned(), header.into());
        }
        self
    }

    /// Problems of its own.
    #[must_use]
    pub fn fails(mut self, faults: &[Fault]) -> Self {
        self.faults.extend(faults);
        self
    }

    /// A type that is named in the text only.
    #[must_use]
    pub fn knows<T: ToSchema>(mut self) -> Self {
        self.schema::<T>();
        self
    }

    /// The reference to a type's schema, which the document will hold.
    fn schema<T: ToSchema>(&mut self) -> Ref {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name())
    }
}
