//! What a rule set may say, as tables: the reader takes the keys from here, and editors their help.

/// A key of a section and what it says, in a sentence.
pub type Key = (&'static str, &'static str);

/// A section of a set, or of a part of one: its name, and its keys.
pub const SECTIONS: &[(&str, &[Key])] = &[
    (
        "set",
        &[
            ("version", "the version of this format: 1"),
            ("two_people", "true: whoever writes a set does not publish it"),
            ("zone", "the IANA time zone of `time.…`, and of calendars that name none"),
            ("skills", "what workers can do and work can take"),
            ("calendars", "opening hours by name"),
            ("blending", "what holds for all queues and workers: reserve, stickiness, reopening"),
            ("queues", "lines of tasks by name"),
            ("groups", "workers who serve the same queues, by name"),
            ("keywords", "lists of words by name, for `mentions('list')`"),
            ("rules", "where messages and items go: the first that applies decides"),
            ("notices", "what customers are told by themselves, by name"),
            ("cases", "the types of cases, by name: processes with stages, targets and moves"),
            ("systems", "other systems by name, and what their events do to cases"),
            ("customers", "what other systems tell of customers, for `customer.name`: `text` or `number` by name"),
            ("authority", "what workers may decide alone, and who decides above that"),
            ("quality", "which finished work is reviewed, by what, and why work is sent back"),
            ("solved", "when customers are asked whether it is solved, and which good answers are looked at"),
            ("same_matter", "how it is known that a customer comes again with the same matter"),
            (
                "improvements",
                "until when managers answer what should change, what a contact costs, what opens one by itself",
            ),
        ],
    ),
    (
        "improvements",
        &[
            ("answer", "how long an answer may take, as `7d`; left out, 7 days"),
            ("climb", "what is late goes one manager up each so often, as `3d`; left out, 3 days"),
            ("climbs", "how often it goes up at most; left out, 5"),
            ("unit", "the unit whose manager answers for what is of no unit; left out, the top of the tree"),
            ("cost", "what a contact costs: `{currency: ILS, contact: 1200}`; left out, nothing is priced"),
            ("low", "answers about satisfaction of so many stars or fewer open one, where they have words"),
            ("repeats", "when repeat contacts open one: `{share: 10%, contacts: 20, within: 7d}`"),
        ],
    ),
    (
        "improvements_cost",
        &[
            ("currency", "the currency, as `ILS`"),
            ("contact", "what a contact costs, in whole minor units: `1200` is 12.00"),
            ("channels", "what a contact of a channel costs, where it is another: `{webchat: 600}`"),
        ],
    ),
    (
        "improvements_repeats",
        &[
            ("share", "beyond this part of the contacts of a queue and topic, as `10%`"),
            ("contacts", "of so many contacts at least; left out, 20"),
            ("within", "within so long, as `7d`"),
        ],
    ),
    (
        "solved",
        &[
            ("after", "the dispositions of tasks after which the customer is asked whether it is solved"),
            ("queues", "after tasks of which queues; left out, all"),
            ("text", "the question, by language; left out, ours"),
            ("yes", "what the button says by which he confirms, by language"),
            ("no", "what the button says by which he denies, by language"),
            ("sample", "so many per cent of the good answers about satisfaction are followed up as low ones are"),
        ],
    ),
    (
        "same_matter",
        &[
            ("within", "so long after it was closed it is the same matter, as `14d`"),
            ("references", "what references look like in a text, as regular expressions: `['SO-\\d{4,8}']`"),
            ("topics", "`false`: only a reference tells; left out, the same type of case or tag does as well"),
        ],
    ),
    (
        "blending",
        &[
            ("reserve", "how many front places stay free at least before back work starts"),
            ("reserve_max", "how far the reserve may grow; `reserve` and this alike: it is fixed"),
            ("stickiness", "how long a returning customer is kept for the worker he knows"),
            ("reopen", "how long a new message reopens a solved conversation"),
            ("confirm", "how long the customer may say whether it is solved"),
        ],
    ),
    (
        "calendar",
        &[
            ("zone", "its IANA time zone; left out, the set's"),
            ("hours", "by day, or from day to day: `sun-thu: [\"08:00-13:00\"]`"),
            (
                "closed",
                "dates, days of every year, and lists: `israel`, `israel-eves`, `christian`, `orthodox`, `islamic`",
            ),
        ],
    ),
    (
        "queue",
        &[
            ("side", "`front` where a customer waits, `back` for the rest"),
            ("target", "how long a task may wait for its first response"),
            (
                "goal",
                "how many per cent are to have a worker within that time; or `mean-wait`: they wait no longer on the mean",
            ),
            ("weight", "how much its urgency counts; 1 is ordinary"),
            ("task_weight", "what a task takes of a worker's capacity; 100 is ordinary"),
            ("waiting_weight", "the part of that while it waits for somebody else, in per cent"),
            ("offer", "how long a worker has to accept"),
            ("wrap_up", "how long a worker has after solving before the next task"),
            ("silence", "what happens when its worker is silent: `{remind: 10m, take_back: 30m, supervisor: 1h}`"),
            ("calendar", "the hours in which its work is offered"),
            ("interruptible", "whether running work may be set aside for a front peak"),
            ("tasks_max", "how many tasks may wait"),
            ("protected", "the part of its workers' hours that a back queue has while its work waits, in per cent"),
            ("protected_window", "over how long that part is kept"),
            ("worth", "what one completed task of a back queue is worth; 1 is ordinary"),
            ("heir_of", "queues that are no more, whose tasks are this one's"),
            (
                "escalate",
                "what is done about its work that waits, by time: `- {after: 10m, priority: high, notify: true}`",
            ),
            ("overflow", "where its work goes when it waits too long: `{to: other, after: 10m, when_nobody: true}`"),
        ],
    ),
    (
        "group",
        &[
            ("queues", "which queues its workers serve"),
            ("workers", "their names, or `name: {skills: …}` where one differs"),
            ("skills", "what all of them can do, with levels 1 to 10"),
            ("capacity", "how much each takes at once; 100 is an ordinary task"),
            ("accept", "`offer`: a worker says yes first; `auto`: he has the task at once"),
            ("run_max", "after so many tasks without a breath he has one; 0: never"),
            ("breath", "how long a breath is"),
            ("abuse_pause", "how long he rests after an abusive customer"),
            ("cost", "what an hour of his costs: of workers who are alike else, the cheaper has the task"),
            ("weights", "what a task takes of a worker by its channel, where not as its queue says: `{chat: 34}`"),
            ("time_plan", "the parts of the group's hours that back queues have, as `{refunds: 20%, training: 5%}`"),
        ],
    ),
    (
        "worker",
        &[
            ("skills", "what he can do besides, or at another level"),
            ("capacity", "how much he takes at once"),
            ("accept", "`offer` or `auto`"),
            ("run_max", "after so many tasks without a breath he has one; 0: never"),
            ("breath", "how long a breath is"),
            ("abuse_pause", "how long he rests after an abusive customer"),
            ("cost", "what an hour of his costs: of workers who are alike else, the cheaper has the task"),
        ],
    ),
    (
        "rule",
        &[
            ("name", "what explanations and reports call it"),
            ("channel", "channels it applies to; left out, all"),
            ("account", "accounts it applies to; left out, all"),
            ("language", "languages it applies to; left out, all"),
            ("when", "a condition that must hold besides"),
            ("queue", "where it sends what it takes"),
            ("needs", "skills with the lowest levels that will do"),
            ("target", "how long that may wait, where it is not the queue's target"),
            ("priority", "`urgent` has a quarter of the queue's target, `high` a half, `low` twice that"),
            ("sticky", "how long whoever knows the customer is preferred; `never`: he is not"),
            ("tags", "words for reports"),
            ("case", "the type of case it is"),
            ("relax", "what will do after a while, and where: `- {after: 5m, needs: {hebrew: 1}, queue: other}`"),
            ("strain", "how hard it is on whoever does it, 0 to 10"),
        ],
    ),
    (
        "notice",
        &[
            ("when", "`received`, `closed`, `waiting`, `callback` or `window`"),
            ("channel", "channels it is for; left out, all"),
            ("queue", "queues it is for; left out, all"),
            ("calendar", "`closed`: the hours that count; left out, the queue's"),
            (
                "above",
                "`waiting`, `callback`: only where the expected wait is longer; `window`: how long before it closes",
            ),
            ("every", "at most once in so long for each contact"),
            ("text", "what is said, by language; `{wait}` and `{opens}` are filled in"),
            ("button", "`callback`: what the button says, by language"),
            ("template", "`window`: the approved template, `{name: …, language: …}`"),
        ],
    ),
    (
        "case",
        &[
            ("like", "a type that is shipped with the program, as it is"),
            ("queues", "with `like`: which of your queues do its work, `{service: front, warehouse: stock}`"),
            ("units", "with `like`: which of your units answer for it, likewise"),
            ("calendar", "with `like`: the hours that count, and in which the customer is written to"),
            ("words", "what people call it, by language"),
            ("first", "the stage in which a case begins; left out, the first of the text"),
            ("reopen", "how long a case that is over may be opened again"),
            ("fields", "what is recorded, by name"),
            ("stages", "where a case can stand, by name"),
            ("moves", "how it gets from one to another"),
            ("measures", "stretches that reports measure, by name: `{from: stage, until: stage}`"),
            ("about", "the field that names the unit it is about, which cannot end it alone"),
            ("contact", "when and how often its customer is written to"),
            ("one_voice", "`true`: a customer has one such case at most, and one worker who speaks with him of it"),
            ("holds_while", "while a case of one of these types is open for the same customer, it stands still"),
        ],
    ),
    (
        "case_contact",
        &[
            ("calendar", "the hours in which he may be written to"),
            ("at_most", "so often in `per` at most, 1 to 20 times"),
            ("per", "the time in which that is counted, as `7d`"),
            ("agent_first", "how long his agent, or whoever owns the case, knows of it before he is told"),
            ("agent", "the field that names his agent of record, a worker"),
        ],
    ),
    (
        "case_field",
        &[
            ("type", "`text`, `number`, `money`, `date`, `choice` or `reference`"),
            ("words", "what people call it, by language"),
            ("currency", "`money`: three capital letters, as `ILS`"),
            ("by", "`money`: the action whose granted decisions it adds up; nobody writes it himself"),
            ("of", "`choice`: the words to choose from, alone or each with what people call it, by language"),
        ],
    ),
    (
        "case_stage",
        &[
            ("words", "what the customer is shown while it stands there, by language"),
            ("target", "how long it may take, in opening hours"),
            ("calendar", "the hours that count; left out, all"),
            ("queue", "whose workers do its work"),
            ("unit", "the unit that answers for it"),
            ("tell", "what the customer is told when it comes there"),
            ("agent", "what whoever owns the case is told when it comes there"),
            ("warn", "when it is warned that it will probably miss its target: `1h` before, or what is done of it"),
            ("promise", "what the customer is promised when it comes there"),
            ("resurface", "its task comes again before what is fresher: `{after: 3d, by: value}`"),
            ("clock", "what its target does while the case is paused: `runs` or `stops`"),
            ("procedure", "what whoever does its work goes by, by language: plain text, links to https"),
            ("closes", "a last stage: `solved`, `withdrawn`, `refused` or `lost`"),
        ],
    ),
    (
        "case_warn",
        &[
            ("at", "from this chance to miss the target on, above 0 and below 1; left out, 0.5"),
            ("before", "so long before the end of the target at the latest, whatever the chance"),
            ("notify", "who is told: `owner` of the case, manager of the `unit`"),
            ("raise", "`true`: the stage's task comes before others from then on"),
            ("open", "the queue in which a task is opened beside the stage's"),
            ("escalate", "after how long it goes to the next manager up the tree, and again after as long"),
        ],
    ),
    (
        "case_resurface",
        &[
            ("after", "each time after so long, as `3d`"),
            ("by", "the field of money or a number that says what it is worth; left out, its age alone counts"),
        ],
    ),
    (
        "case_promise",
        &[
            ("by", "so many opening hours after the case came to the stage"),
            ("field", "instead of `by`: the end of the day that this field holds"),
            ("kept", "the stage that keeps it; without it and `filled`, a worker says that it is kept"),
            ("filled", "the field that keeps it as soon as it has a value"),
            ("words", "what is promised, by language; `{promise}` is until when"),
            ("warn", "how long before it is due it is at risk; left out, a fifth of the time that it had"),
            ("agent_first", "how long its owner knows of the risk before the customer does; left out, 15m"),
            ("late", "what the customer is told of the risk, by language"),
        ],
    ),
    (
        "case_move",
        &[
            ("from", "from which stage"),
            ("to", "to which"),
            ("by", "who may: `worker`, `system`, `customer`; left out, workers and systems"),
            ("needs", "fields that must have a value"),
            ("on", "the disposition of the stage's task that causes it"),
        ],
    ),
    (
        "case_measure",
        &[("from", "it begins when a case first comes there"), ("until", "it ends when the case comes there")],
    ),
    (
        "case_tell",
        &[
            ("text", "what is said, by language; `{field}` is filled in, and `{promise}` until when it is promised"),
            ("channel", "on which channels; left out, on whichever his conversation is"),
            ("buttons", "what he may press: `confirm`, `deny` or a stage, each with what it says, by language"),
        ],
    ),
    (
        "system",
        &[
            ("reference", "the field of a case that holds what this system calls it; its type is `reference`"),
            ("gap", "how long an event waits for those before it; left out, 10m; `never`: not at all"),
            ("events", "what its events do, by their kind: `{delivered: {move: solved}}`, or a list"),
        ],
    ),
    (
        "system_event",
        &[
            ("case", "only with cases of this type"),
            ("move", "the stage that the case goes to"),
            ("set", "what becomes known: `{found: lost, note: \"{number}\"}`; `{number}` is a field of the event"),
            ("open", "the type of the case that it opens, where none is open for the reference"),
        ],
    ),
    (
        "authority",
        &[
            (
                "actions",
                "actions of your own, besides `credit`, `discount`, `exception`, `fee-waiver`, `refund`, `replacement`",
            ),
            ("grants", "who may give what, by name"),
            ("delegations", "who stands in for whom: `- {from: omer, to: dana, since: 2026-12-01, until: 2026-12-08}`"),
            ("approvals", "how approvals are asked for: `{queue: approvals, target: 15m}`"),
        ],
    ),
    (
        "authority_grant",
        &[
            (
                "who",
                "whose it is: `{group: desk}`, or a `role` (`worker`, `manager`), a `unit`, a `worker`; all must hold",
            ),
            ("action", "what is given; of an exception with its policy: `exception.returns`"),
            ("currency", "three capital letters, as `ILS`; left out, decisions are counted"),
            ("limit", "how much at once, in whole minor units"),
            ("day", "how much in a day, likewise"),
            ("customer", "how much one customer may get from anybody: `{limit: 20000, within: 30d}`"),
            ("four_eyes", "above this a second person agrees, in whole minor units"),
            ("calendar", "the hours in which it holds; left out, always"),
            ("from", "the first day on which it holds, as `2026-12-01`"),
            ("until", "the last day on which it holds"),
            ("skills", "skills that he must have, with the least level"),
            ("quality", "the least score of his quality, in per cent"),
        ],
    ),
    (
        "quality",
        &[
            ("reviews", "how work is reviewed: `{queue: reviews, target: 1d}`"),
            ("least", "so many pieces of a worker are drawn in a week at least, if he did as many"),
            ("most", "and no more than so many; left out, 10"),
            (
                "twice",
                "so many per cent of the drawn pieces are reviewed by two, neither of whom knows the other's score",
            ),
            ("dispute", "for how long a worker may answer a review; left out, `7d`"),
            ("up", "from which score on, in per cent, a higher limit is proposed; left out, 90"),
            ("down", "below which score a worker is looked at more often, and a lower limit is proposed; left out, 70"),
            ("forms", "how work of each sort is reviewed, by name"),
            (
                "causes",
                "why work is sent back, besides `incomplete`, `wrong`, `misrouted` and `other`: `{stock: {en: Not in stock}}`",
            ),
        ],
    ),
    ("quality_reviews", &[("queue", "the queue of those who review"), ("target", "how long a review may take")]),
    (
        "quality_form",
        &[
            (
                "of",
                "of which work: `{action: credit}`, `{queue: front}`, or of decisions made in one queue's tasks both",
            ),
            ("share", "so many per cent of the pieces are drawn"),
            ("large", "amounts from there on are a risk, in whole minor units"),
            ("risks", "how many times a risk raises the share: `{amount: 3, near: 2, new: 2, low: 3, complaint: 5}`"),
            ("criteria", "by what it is judged, by name"),
        ],
    ),
    ("quality_of", &[("action", "decisions of this action"), ("queue", "tasks of this queue")]),
    (
        "quality_risks",
        &[
            ("amount", "the amount is `large` or more"),
            ("near", "the decision is near what its worker may decide alone"),
            ("new", "fewer than five pieces of the worker were reviewed before"),
            ("low", "his last five scored below `down`"),
            ("complaint", "the customer complains in the same matter"),
        ],
    ),
    (
        "quality_criterion",
        &[
            ("words", "what people call it, by language; left out, its name"),
            ("points", "the most points it gives, to 10; left out, 5"),
            ("weight", "how much it counts; left out, 1"),
            ("fatal", "true: no points in it make the whole score 0"),
        ],
    ),
    (
        "authority_who",
        &[
            ("role", "`worker`: anybody; `manager`: whoever answers for a unit"),
            ("group", "a group of this set"),
            ("unit", "a unit, and those below it"),
            ("worker", "one worker"),
        ],
    ),
    (
        "authority_delegation",
        &[
            ("from", "whose authority it is"),
            ("to", "who stands in"),
            ("since", "the first day, as `2026-12-01`"),
            ("until", "the last day"),
        ],
    ),
    (
        "authority_approvals",
        &[
            ("queue", "the queue of those who decide"),
            ("target", "how long an answer may take; left out, as the queue has it"),
            ("clock", "what the target of the asker's task does meanwhile: `runs` or `stops`"),
        ],
    ),
];

/// A function of conditions: its name, how it is called, and what it says.
pub const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("amount", "amount('total') > 500", "a field of an item that is a number; 0 where it has none"),
    ("all", "msg.files.all(file, file == 'image')", "true when the condition holds for each of a list"),
    ("attribute", "attribute('reason') == 'damaged'", "a field of an item as a text; '' where it has none"),
    ("contains", "msg.text.contains('refund')", "true when a text is part of another"),
    ("endsWith", "msg.text.endsWith('?')", "true when a text ends with another"),
    ("exists", "msg.files.exists(file, file == 'image')", "true when the condition holds for one of a list"),
    ("matches", "msg.text.matches('^[0-9]{8}$')", "true when a pattern fits somewhere"),
    ("mentions", "mentions('refunds')", "true when subject or text have a word of a list of `keywords`"),
    ("open", "open('office')", "true while a calendar is open"),
    ("size", "size(msg.files)", "how many a list has, or characters a text"),
    ("startsWith", "msg.text.startsWith('SR-')", "true when a text begins with another"),
];

/// The keys of a section.
pub(crate) fn keys(section: &str) -> Vec<&'static str> {
    let of = SECTIONS.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, keys)| keys);
    of.iter().map(|(key, _)| *key).collect()
}
