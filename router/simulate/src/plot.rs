//! What happened, drawn for people: waits, reserve and occupancy over time.

use std::fmt::Write as _;

use crate::engine::{Moved, Watch};
use crate::plan::{Plan, Target};
use crate::scenario::Side;
use crate::tally::Tally;

/// How many points a line has.
const POINTS: usize = 240;
const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
/// Room for half of the last label of time.
const RIGHT: f64 = 32.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 46.0;
/// Told apart by lightness too, for those who do not see the difference of the hues.
const INKS: [&str; 6] = ["#0b5fa5", "#d55e00", "#117733", "#882255", "#999933", "#44aa99"];

/// Collects means over equal spans of time.
pub(crate) struct Plot<'a> {
    plan: &'a Plan,
    from: f64,
    span: f64,
    waits: Vec<Vec<(f64, u64)>>,
    front: Vec<f64>,
    back: Vec<f64>,
    present: Vec<f64>,
    reserve: Vec<f64>,
    time: Vec<f64>,
}

impl<'a> Plot<'a> {
    /// Of the time between these two instants, in milliseconds from the beginning.
    pub(crate) fn new(plan: &'a Plan, from: f64, to: f64) -> Self {
        Self {
            plan,
            from,
            span: (to - from) / POINTS as f64,
            waits: vec![vec![(0.0, 0); POINTS]; plan.queues.len()],
            front: vec![0.0; POINTS],
            back: vec![0.0; POINTS],
            present: vec![0.0; POINTS],
            reserve: vec![0.0; POINTS],
            time: vec![0.0; POINTS],
        }
    }

    fn to(&self) -> f64 {
        self.from + self.span * POINTS as f64
    }

    /// The point that an instant belongs to, if it is drawn.
    fn place(&self, now: f64) -> Option<usize> {
        (self.from <= now && now <= self.to()).then(|| (((now - self.from) / self.span) as usize).min(POINTS - 1))
    }

    /// The drawing.
    pub(crate) fn svg(&self) -> String {
        let height = 3.0 * PANEL + 4.0 * GAP;
        let mut out = String::new();
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\
             <text x=\"{LEFT}\" y=\"20\" font-size=\"15\" font-weight=\"bold\">{} · {} · times in {}</text>",
            escape(&self.plan.name),
            self.plan.policy.as_str(),
            unit(self.plan.unit_ms),
        );
        let front: Vec<usize> =
            (0..self.plan.queues.len()).filter(|queue| self.plan.queues[*queue].side == Side::Front).collect();
        let mean = |bins: &Vec<(f64, u64)>| {
            bins.iter().map(|(sum, n)| (*n > 0).then(|| sum / *n as f64 / self.plan.unit_ms)).collect()
        };
        let mut waits: Vec<Line> = front
            .iter()
            .map(|queue| Line { name: self.plan.queues[*queue].name.clone(), points: mean(&self.waits[*queue]) })
            .collect();
        for queue in &front {
            if let Some(Target::Within { ms, .. } | Target::MeanWait { ms }) = self.plan.queues[*queue].target {
                let name = format!("{}: target", self.plan.queues[*queue].name);
                waits.push(Line { name, points: vec![Some(ms / self.plan.unit_ms); POINTS] });
            }
        }
        let over = |values: &[f64], by: &[f64]| {
            values.iter().zip(by).map(|(value, by)| (*by > 0.0).then(|| value / by)).collect()
        };
        let reserve =
            vec![Line { name: "reserve, mean of the groups".into(), points: over(&self.reserve, &self.time) }];
        let busy = vec![
            Line { name: "front".into(), points: over(&self.front, &self.present) },
            Line {
                name: "front and back".into(),
                points: over(
                    &self.front.iter().zip(&self.back).map(|(one, other)| one + other).collect::<Vec<_>>(),
                    &self.present,
                ),
            },
        ];
        for (panel, (title, lines, top)) in [
            ("mean wait before the start", waits, None),
            ("slots kept free for the front line", reserve, None),
            ("share of the slots that work", busy, Some(1.0)),
        ]
        .into_iter()
        .enumerate()
        {
            self.panel(&mut out, GAP + panel as f64 * (PANEL + GAP), title, &lines, top);
        }
        out.push_str("</svg>\n");
        out
    }

    fn panel(&self, out: &mut String, top: f64, title: &str, lines: &[Line], most: Option<f64>) {
        let highest = lines.iter().flat_map(|line| &line.points).flatten().copied().fold(0.0, f64::max);
        let most = most.unwrap_or_else(|| round_up(highest));
        let right = WIDTH - RIGHT;
        let _ = write!(out, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{title}</text>", top + 12.0);
        let base = top + 24.0 + PANEL;
        for step in 0..=4 {
            let y = base - PANEL * f64::from(step) / 4.0;
            let value = most * f64::from(step) / 4.0;
            let _ = write!(
                out,
                "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#ddd\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#555\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                plain(value)
            );
        }
        for step in 0..=4 {
            let x = LEFT + (right - LEFT) * f64::from(step) / 4.0;
            let at = (self.from + (self.to() - self.from) * f64::from(step) / 4.0) / self.plan.unit_ms;
            let _ = write!(
                out,
                "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
                base + 16.0,
                plain(at)
            );
        }
        let mut legend = LEFT + 8.0 * title.chars().count() as f64 + 16.0;
        for (number, line) in lines.iter().enumerate() {
            let ink = INKS[number % INKS.len()];
            let dash = if line.name.ends_with(": target") { " stroke-dasharray=\"5 4\"" } else { "" };
            let mut path = String::new();
            let mut pen = 'M';
            for (place, point) in line.points.iter().enumerate() {
                let Some(value) = point else {
                    pen = 'M';
                    continue;
                };
                let x = LEFT + (right - LEFT) * (place as f64 + 0.5) / POINTS as f64;
                let y = base - PANEL * (value / most).min(1.0);
                let _ = write!(path, "{pen}{x:.1} {y:.1}");
                pen = 'L';
            }
            let name = escape(&line.name);
            let _ = write!(
                out,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.6\"{dash}/>\
                 <text x=\"{legend}\" y=\"{}\" fill=\"{ink}\">{name}</text>",
                top + 12.0
            );
            legend += 7.0 * line.name.chars().count() as f64 + 18.0;
        }
    }
}

struct Line {
    name: String,
    points: Vec<Option<f64>>,
}

/// A number with no more than three places behind the point, a small one with six, and no noughts at their end.
fn plain(value: f64) -> String {
    let places = if value < 0.01 { 6 } else { 3 };
    let text = format!("{value:.places$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A round number not below `value`, whose quarters are round as well.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(value)));
    [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|round| value <= *round)
        .unwrap_or(value)
}

fn unit(ms: f64) -> &'static str {
    if ms < 60_000.0 {
        "seconds"
    } else if ms < 3_600_000.0 {
        "minutes"
    } else {
        "hours"
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Watch for Plot<'_> {
    fn moved(&mut self, moved: &Moved<'_>) {
        if let Some(place) = self.place(moved.now).filter(|_| moved.first) {
            let bin = &mut self.waits[moved.queue][place];
            bin.0 += moved.waited;
            bin.1 += 1;
        }
    }

    fn stood(&mut self, from: f64, to: f64, tally: &Tally, reserve: &dyn Fn(usize) -> f64) {
        let (mut from, to) = (from.max(self.from), to.min(self.to()));
        // A long quiet time is shared out over the points it covers.
        while from < to {
            let Some(place) = self.place(from) else { return };
            let next = self.from + (place + 1) as f64 * self.span;
            let end = if place + 1 == POINTS { to } else { to.min(next).max(from + 1e-9) };
            let span = end - from;
            for (number, (group, settings)) in tally.groups.iter().zip(&self.plan.groups).enumerate() {
                self.front[place] += span * group.front as f64;
                self.back[place] += span * group.back as f64;
                self.present[place] += span * group.present as f64 * f64::from(settings.slots);
                self.reserve[place] += span * reserve(number) / tally.groups.len() as f64;
            }
            self.time[place] += span;
            from = end;
        }
    }

    fn explains(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_round_and_short() {
        let said = [0.0, 0.5, 1.0, 7.5, 144_000.0, 1.0 / 3.0, 0.000_3].map(plain);
        assert_eq!(said, ["0", "0.5", "1", "7.5", "144000", "0.333", "0.0003"]);
        for value in [0.000_3, 0.9, 1.0, 1.1, 2.17, 17.8, 99.0, 101.0, 6_500.0] {
            let most = round_up(value);
            assert!(value <= most && most <= value * 1.51, "{value}: {most}");
            let quarter = most / 4.0 / libm::pow(10.0, libm::floor(libm::log10(most)) - 2.0);
            assert!((quarter - libm::round(quarter)).abs() < 1e-9, "{value}: {most} has odd quarters");
        }
    }
}
