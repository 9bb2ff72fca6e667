//! The parts of a rule set that other crates know, each with where its own parts stand in the text.

use std::collections::BTreeMap;

use blendline_authority::Authority;
use blendline_authority::check::Place as AuthorityPlace;
use blendline_cases::check::Place;
use blendline_cases::systems::System;
use blendline_cases::systems::check::Place as SystemPlace;
use blendline_cases::types::CaseType;
use blendline_quality::Quality;
use blendline_quality::check::Place as QualityPlace;

use crate::fault::Span;

/// What the text says of authority, and where its parts stand.
#[derive(Clone, Debug, Default)]
pub struct AuthorityRules {
    /// What it says.
    pub authority: Authority,
    /// Where the section stands.
    pub span: Span,
    /// Where its parts stand.
    pub places: BTreeMap<AuthorityPlace, Span>,
}

impl AuthorityRules {
    /// Where this part stands.
    pub fn span(&self, place: &AuthorityPlace) -> &Span {
        let whole = match place {
            AuthorityPlace::Grant(name, _) => self.places.get(&AuthorityPlace::Grant(name.clone(), "")),
            AuthorityPlace::Delegation(at, _) => self.places.get(&AuthorityPlace::Delegation(*at, "")),
            _ => None,
        };
        self.places.get(place).or(whole).unwrap_or(&self.span)
    }
}

/// What the text says of quality, and where its parts stand.
#[derive(Clone, Debug, Default)]
pub struct QualityRules {
    /// What it says.
    pub quality: Quality,
    /// Where the section stands.
    pub span: Span,
    /// Where its parts stand.
    pub places: BTreeMap<QualityPlace, Span>,
}

impl QualityRules {
    /// Where this part stands.
    pub fn span(&self, place: &QualityPlace) -> &Span {
        let whole = match place {
            QualityPlace::Form(name, _) => self.places.get(&QualityPlace::Form(name.clone(), "")),
            _ => None,
        };
        self.places.get(place).or(whole).unwrap_or(&self.span)
    }
}

/// What the text says of another system, and where its parts stand.
#[derive(Clone, Debug)]
pub struct SystemRules {
    /// What it says.
    pub system: System,
    /// Where its name stands.
    pub span: Span,
    /// Where its parts stand.
    pub places: BTreeMap<SystemPlace, Span>,
}

impl SystemRules {
    /// Where this part stands.
    pub fn span(&self, place: &SystemPlace) -> &Span {
        let whole = match place {
            SystemPlace::Reaction(kind, at, _) => self.places.get(&SystemPlace::Reaction(kind.clone(), *at, "")),
            SystemPlace::Reference => None,
        };
        self.places.get(place).or(whole).unwrap_or(&self.span)
    }
}

/// A type of cases and where its parts stand.
#[derive(Clone, Debug)]
pub struct CaseRules {
    /// The type.
    pub kind: CaseType,
    /// Where its name stands.
    pub span: Span,
    /// Where its parts stand; what is not there stands where the type's name does.
    pub places: BTreeMap<Place, Span>,
    /// True where it is a shipped type.
    pub shipped: bool,
}

impl CaseRules {
    /// Where this part stands.
    pub fn span(&self, place: &Place) -> &Span {
        let whole = match place {
            Place::Stage(name, _) => self.places.get(&Place::Stage(name.clone(), "")),
            Place::Move(at, _) => self.places.get(&Place::Move(*at, "")),
            Place::Measure(name, _) => self.places.get(&Place::Measure(name.clone(), "")),
            _ => None,
        };
        self.places.get(place).or(whole).unwrap_or(&self.span)
    }
}
