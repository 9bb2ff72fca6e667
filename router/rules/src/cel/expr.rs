//! A condition after the check: every node has the type its place wants, so evaluation cannot meet another.

use regex::Regex;

use crate::fields::Field;

/// A pattern and its source, by which it is compared.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(pub(crate) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sum {
    Plus,
    Minus,
    Times,
    By,
    Rest,
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seek {
    Anywhere,
    Start,
    End,
}

/// A node of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
    Ints(Vec<i64>),
    Field(Field),
    /// The variable of an `exists` or `all` around it, counted from the outermost.
    Local(usize),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// One of several: `==` is one of one.
    Equal(Box<Expr>, Box<Expr>),
    Compare(Order, Box<Expr>, Box<Expr>),
    Sum(Sum, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    In(Box<Expr>, Box<Expr>),
    Seek(Seek, Box<Expr>, Box<Expr>),
    Matches(Box<Expr>, Pattern),
    Size(Box<Expr>),
    /// `mentions`: the list's place in the set.
    Mentions(usize),
    /// `attribute`: the name of a field of an item.
    Attribute(String),
    /// `amount`: likewise.
    Amount(String),
    /// `customer.name`: a text that another system told.
    ToldText(String),
    /// `customer.name`: a number, likewise.
    ToldNumber(String),
    /// `open`: the calendar's place in the set.
    Open(usize),
    /// `exists`, or `all` where `all` is true: over a list, with a body that knows one local more.
    Each {
        all: bool,
        list: Box<Expr>,
        body: Box<Expr>,
    },
}

impl Expr {
    /// The words that this allows a field, where it is about nothing else.
    pub(crate) fn allowed(&self, field: Field) -> Option<&[String]> {
        match self {
            Self::Equal(one, other) => match (&**one, &**other) {
                (Self::Field(asked), Self::Text(word)) | (Self::Text(word), Self::Field(asked)) if *asked == field => {
                    Some(std::slice::from_ref(word))
                }
                _ => None,
            },
            Self::In(item, list) => match (&**item, &**list) {
                (Self::Field(asked), Self::Texts(words)) if *asked == field => Some(words),
                _ => None,
            },
            _ => None,
        }
    }

    /// True when both can never hold: the one is the other's negation, or they want different words of one field.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        if matches!(other, Self::Not(inner) if **inner == *self)
            || matches!(self, Self::Not(inner) if **inner == *other)
        {
            return true;
        }
        Field::ALL.iter().any(|field| match (self.allowed(*field), other.allowed(*field)) {
            (Some(ours), Some(theirs)) => !ours.iter().any(|word| theirs.contains(word)),
            _ => false,
        })
    }

    /// Calls `visit` with every field that this asks.
    pub(crate) fn each_field(&self, visit: &mut impl FnMut(Field)) {
        match self {
            Self::Field(field) => visit(*field),
            Self::Not(one) | Self::Negate(one) | Self::Size(one) | Self::Matches(one, _) => one.each_field(visit),
            Self::And(one, other)
            | Self::Or(one, other)
            | Self::Equal(one, other)
            | Self::Compare(_, one, other)
            | Self::Sum(_, one, other)
            | Self::In(one, other)
            | Self::Seek(_, one, other)
            | Self::Each { list: one, body: other, .. } => {
                one.each_field(visit);
                other.each_field(visit);
            }
            Self::If(one, then, other) => {
                one.each_field(visit);
                then.each_field(visit);
                other.each_field(visit);
            }
            Self::Mentions(_) => visit(Field::Text),
            Self::ToldText(_) | Self::ToldNumber(_) => visit(Field::Told),
            Self::Open(_)
            | Self::Attribute(_)
            | Self::Amount(_)
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Text(_)
            | Self::Texts(_)
            | Self::Ints(_)
            | Self::Local(_) => {}
        }
    }
}
