//! What the first of a line needs, at hand.

use std::sync::Arc;

use blendline_wire::org::SkillLevel;
use blendline_wire::task::SkillNeed;

use crate::ready::{Bits, need_bits};

/// How many skills most tasks need at most.
const FEW: usize = 2;

/// What a task needs. Most need no more than two skills, and those lie here: whoever looks for work asks it of many, and
/// to look elsewhere for each waits for memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Needs {
    /// So many, each with the lowest level that will do.
    Few { many: u8, levels: [u8; FEW], skills: [u16; FEW] },
    /// More, or of a high number.
    Many(Arc<[SkillNeed]>),
}

impl Needs {
    pub(crate) fn new(needs: &Arc<[SkillNeed]>) -> Self {
        let (mut skills, mut levels) = ([0; FEW], [0; FEW]);
        for (at, need) in needs.iter().enumerate() {
            let (Ok(skill), true) = (u16::try_from(need.skill.0), at < FEW) else { return Self::Many(needs.clone()) };
            (skills[at], levels[at]) = (skill, need.level);
        }
        Self::Few { many: needs.len() as u8, levels, skills }
    }

    /// The bits of the skills.
    pub(crate) fn bits(&self) -> Bits {
        match self {
            Self::Few { many, skills, .. } => {
                skills[..usize::from(*many)].iter().fold(0, |bits, skill| bits | 1 << (skill % 64))
            }
            Self::Many(needs) => need_bits(needs),
        }
    }

    /// True for whoever has every skill at its level or above.
    pub(crate) fn are_met_by(&self, skills: &[SkillLevel]) -> bool {
        let has = |skill: u64, level: u8| {
            // All of the few there are: nobody can foretell at which to stop.
            skills.iter().fold(false, |any, has| any | ((has.skill.0 == skill) & (has.level >= level)))
        };
        match self {
            Self::Few { many, levels, skills } => {
                skills.iter().zip(levels).take(usize::from(*many)).all(|(skill, level)| has(u64::from(*skill), *level))
            }
            Self::Many(needs) => needs.iter().all(|need| has(need.skill.0, need.level)),
        }
    }
}

#[cfg(test)]
mod tests {
    use blendline_wire::SkillId;

    use super::*;

    #[test]
    fn what_lies_here_is_asked_as_what_lies_elsewhere() {
        let far = u64::from(u16::MAX) + 1;
        let skills = [1, 2, 3, 65, far - 1, far];
        let mut seed = 5;
        let mut draw = |bound: u64| {
            let (number, next) = crate::policy::draw(seed);
            seed = next;
            number % bound
        };
        for _ in 0..20_000 {
            let any = |draw: &mut dyn FnMut(u64) -> u64| SkillId(skills[draw(6) as usize]);
            let has: Vec<SkillLevel> =
                (0..draw(5)).map(|_| SkillLevel { skill: any(&mut draw), level: draw(4) as u8 }).collect();
            let needs: Arc<[SkillNeed]> =
                (0..draw(4)).map(|_| SkillNeed { skill: any(&mut draw), level: draw(4) as u8 }).collect();
            let here = Needs::new(&needs);
            let met = needs.iter().all(|need| has.iter().any(|has| has.skill == need.skill && has.level >= need.level));
            assert_eq!((here.are_met_by(&has), here.bits()), (met, need_bits(&needs)), "{needs:?} of {has:?}");
            assert_eq!(matches!(here, Needs::Many(_)), needs.len() > 2 || needs.iter().any(|need| need.skill.0 == far));
        }
    }

    #[test]
    fn it_takes_no_more_room_than_where_it_lies() {
        assert_eq!(size_of::<Needs>(), size_of::<Arc<[SkillNeed]>>());
    }
}
