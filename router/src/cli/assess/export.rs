//! An export of another system: contacts, tasks and shifts, one a line, as CSV or JSON lines. A line that cannot be read is
//! left out and told, with its number and its cure.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use blendline_wire::Millis;
use serde_json::Value;

/// Lines at most, so that memory is bounded.
const LINES_MAX: usize = 5_000_000;
/// Bad lines that are kept to be told.
const BAD_MAX: usize = 10_000;
/// Pools and people at most.
const POOLS_MAX: usize = 50;
const PEOPLE_MAX: usize = 5_000;
const NAME_CHARS_MAX: usize = 100;
/// The longest work or wait that is no slip of the pen, in seconds.
const SECONDS_MAX: u64 = 400 * 86_400;
const COLUMNS: &[&str] = &["type", "id", "pool", "at", "work_s", "target_s", "left_after_s", "worker", "from", "to"];

/// How an export is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Csv,
    JsonLines,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Export {
    /// Contacts and tasks, by time.
    pub(super) work: Vec<Work>,
    /// When who is there, by time.
    pub(super) shifts: Vec<Shift>,
    /// Pools in the order in which they are first named, and whether customers wait in them.
    pub(super) pools: Vec<Pool>,
    /// Lines that are left out.
    pub(super) bad: Vec<Bad>,
    /// How many of those there are in all.
    pub(super) bad_lines: usize,
}

/// A contact or a task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Work {
    pub(super) pool: usize,
    pub(super) at: Millis,
    pub(super) work_ms: u64,
    pub(super) left_after_ms: Option<u64>,
}

/// A worker is there for a pool.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Shift {
    pub(super) worker: String,
    pub(super) pool: usize,
    pub(super) from: Millis,
    pub(super) to: Millis,
}

/// People who do one kind of work.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) name: String,
    /// Whether a customer waits.
    pub(super) front: bool,
    /// The most common target of its work, in seconds.
    pub(super) target_s: u64,
}

/// A line that is left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Bad {
    pub(super) line: usize,
    pub(super) fault: String,
    pub(super) cure: &'static str,
}

type Fault = (String, &'static str);
type Row = BTreeMap<String, String>;

#[derive(Default)]
struct Reading {
    export: Export,
    /// Of each pool: whether it has contacts, tasks; and how often each target is named.
    kinds: Vec<(bool, bool)>,
    targets: Vec<BTreeMap<u64, u64>>,
}

impl Export {
    /// Reads all lines.
    pub(super) fn read(mut lines: impl BufRead, form: Form) -> io::Result<Self> {
        let mut reading = Reading::default();
        let mut header: Option<Vec<String>> = None;
        let (mut number, mut bytes) = (0, Vec::new());
        loop {
            bytes.clear();
            if lines.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            number += 1;
            if LINES_MAX < number {
                reading.bad(number, (format!("there are more than {LINES_MAX} lines"), "export a shorter time"));
                break;
            }
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
            if text.trim().is_empty() {
                continue;
            }
            let row = match (form, &header) {
                (Form::JsonLines, _) => object(text),
                (Form::Csv, Some(header)) => cells(text).and_then(|cells| named(header, cells)),
                (Form::Csv, None) => match cells(text).and_then(columns) {
                    Ok(columns) => {
                        header = Some(columns);
                        continue;
                    }
                    Err(fault) => {
                        reading.bad(number, fault);
                        break;
                    }
                },
            };
            if let Err(fault) = row.and_then(|row| reading.row(&row)) {
                reading.bad(number, fault);
            }
        }
        Ok(reading.finish())
    }
}

impl Export {
    /// Leaves pools out in which nobody has a shift, and says so.
    fn without_nobodys(&mut self) {
        let somebodys = |pool: usize| self.shifts.iter().any(|shift| shift.pool == pool);
        let kept: Vec<usize> = (0..self.pools.len()).filter(|pool| somebodys(*pool)).collect();
        for (place, pool) in self.pools.iter().enumerate().filter(|(place, _)| !kept.contains(place)) {
            let count = self.work.iter().filter(|work| work.pool == place).count();
            let fault = format!("nobody has a shift in the pool `{}`: its {count} lines are left out", pool.name);
            self.bad.push(Bad { line: 0, fault, cure: "add lines of `type` shift for it" });
            self.bad_lines += 1;
        }
        let place = |pool: usize| kept.iter().position(|known| *known == pool);
        self.work = std::mem::take(&mut self.work)
            .into_iter()
            .filter_map(|work| Some(Work { pool: place(work.pool)?, ..work }))
            .collect();
        self.shifts.iter_mut().for_each(|shift| shift.pool = place(shift.pool).unwrap_or_default());
        let mut at = 0;
        self.pools.retain(|_| {
            at += 1;
            kept.contains(&(at - 1))
        });
    }
}

impl Reading {
    fn bad(&mut self, line: usize, (fault, cure): Fault) {
        self.export.bad_lines += 1;
        if self.export.bad.len() < BAD_MAX {
            self.export.bad.push(Bad { line, fault, cure });
        }
    }

    fn row(&mut self, row: &Row) -> Result<(), Fault> {
        let kind = row.get("type").map_or("", String::as_str);
        match kind {
            "contact" | "task" => {
                let at = instant(row, "at")?;
                let work_s = seconds(row, "work_s")?.ok_or_else(|| lacks("work_s"))?;
                let left = seconds(row, "left_after_s")?;
                let target = seconds(row, "target_s")?;
                // Last, so that a line that cannot be read makes no pool.
                let pool = self.pool(row)?;
                let (contacts, tasks) = &mut self.kinds[pool];
                *(if kind == "contact" { contacts } else { tasks }) = true;
                if let Some(target) = target {
                    *self.targets[pool].entry(target).or_default() += 1;
                }
                let left_after_ms = left.filter(|_| kind == "contact").map(|left| left * 1_000);
                self.export.work.push(Work { pool, at, work_ms: (work_s * 1_000).max(1), left_after_ms });
            }
            "shift" => {
                let worker = name(row, "worker")?;
                let (from, to) = (instant(row, "from")?, instant(row, "to")?);
                if to <= from {
                    let cure = "an end after midnight has the next day's date";
                    return Err(("`to` is no later than `from`".to_owned(), cure));
                }
                let pool = self.pool(row)?;
                self.export.shifts.push(Shift { worker, pool, from, to });
            }
            other => {
                return Err((format!("`type` is `{other}`"), "write `contact`, `task` or `shift`"));
            }
        }
        Ok(())
    }

    fn pool(&mut self, row: &Row) -> Result<usize, Fault> {
        let name = name(row, "pool")?;
        if let Some(known) = self.export.pools.iter().position(|pool| pool.name == name) {
            return Ok(known);
        }
        if POOLS_MAX <= self.export.pools.len() {
            return Err((
                format!("there are more than {POOLS_MAX} pools"),
                "name a team, and not each person, as pool",
            ));
        }
        self.export.pools.push(Pool { name, front: false, target_s: 0 });
        self.kinds.push((false, false));
        self.targets.push(BTreeMap::new());
        Ok(self.export.pools.len() - 1)
    }

    fn finish(self) -> Export {
        let Self { mut export, kinds, targets } = self;
        for ((pool, (contacts, _)), targets) in export.pools.iter_mut().zip(kinds).zip(targets) {
            pool.front = contacts;
            let usual = targets.into_iter().max_by_key(|(target, count)| (*count, std::cmp::Reverse(*target)));
            // Where nothing is said: two minutes for a customer, a day for what nobody waits for.
            let otherwise = if pool.front { 120 } else { 86_400 };
            pool.target_s = usual.map_or(otherwise, |(target, _)| target.max(30));
        }
        export.without_nobodys();
        export.work.sort_by_key(|work| work.at);
        export.shifts.sort_unstable();
        export.shifts.dedup();
        let mut people: Vec<&str> = export.shifts.iter().map(|shift| shift.worker.as_str()).collect();
        people.dedup();
        if PEOPLE_MAX < people.len() {
            let last = people[PEOPLE_MAX].to_owned();
            export.shifts.retain(|shift| shift.worker < last);
            let fault = format!("there are more than {PEOPLE_MAX} people");
            export.bad.push(Bad { line: 0, fault, cure: "export one site at a time; those beyond are left out" });
            export.bad_lines += 1;
        }
        export
    }
}

fn lacks(column: &str) -> Fault {
    (format!("`{column}` is empty"), "each line needs it: docs/assess.md")
}

fn name(row: &Row, column: &str) -> Result<String, Fault> {
    let name = row.get(column).map(|text| text.trim()).filter(|text| !text.is_empty()).ok_or_else(|| lacks(column))?;
    if NAME_CHARS_MAX < name.chars().count() {
        return Err((format!("`{column}` has more than {NAME_CHARS_MAX} characters"), "shorten the name"));
    }
    Ok(name.to_owned())
}

fn instant(row: &Row, column: &str) -> Result<Millis, Fault> {
    let text = row.get(column).map(|text| text.trim()).filter(|text| !text.is_empty()).ok_or_else(|| lacks(column))?;
    Millis::from_rfc3339(text).ok_or_else(|| {
        (format!("`{column}` is `{}`, and no instant", short(text)), "write 2026-11-24T08:30:00+02:00, with the zone")
    })
}

fn seconds(row: &Row, column: &str) -> Result<Option<u64>, Fault> {
    let Some(text) = row.get(column).map(|text| text.trim()).filter(|text| !text.is_empty()) else { return Ok(None) };
    // Spreadsheets make `90.0` of 90.
    let whole =
        text.split_once('.').filter(|(_, part)| part.bytes().all(|b| b == b'0')).map_or(text, |(whole, _)| whole);
    match whole.parse::<u64>() {
        Ok(seconds) if seconds <= SECONDS_MAX => Ok(Some(seconds)),
        Ok(_) => Err((format!("`{column}` is more than a year"), "look at the unit: whole seconds")),
        Err(_) => Err((format!("`{column}` is `{}`", short(text)), "write whole seconds, such as 240")),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn object(text: &str) -> Result<Row, Fault> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| (format!("this is no JSON: {error}"), "one object on each line: {\"type\":\"contact\",…}"))?;
    let Value::Object(object) = value else {
        return Err(("this is no JSON object".to_owned(), "one object on each line: {\"type\":\"contact\",…}"));
    };
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(object.into_iter().filter_map(|(key, value)| Some((key, text(value)?))).collect())
}

fn columns(cells: Vec<String>) -> Result<Vec<String>, Fault> {
    let columns: Vec<String> = cells.iter().map(|cell| cell.trim().to_lowercase()).collect();
    match ["type", "pool"].iter().find(|wanted| !columns.iter().any(|column| column == *wanted)) {
        None => Ok(columns),
        Some(_) => Err((
            format!("the first line names no column `type` or `pool`: it has {}", short(&columns.join(", "))),
            "begin with `type,id,pool,at,work_s,target_s,left_after_s,worker,from,to`",
        )),
    }
}

fn named(header: &[String], cells: Vec<String>) -> Result<Row, Fault> {
    if header.len() < cells.len() {
        let fault = format!("this line has {} columns, the first has {}", cells.len(), header.len());
        return Err((fault, "put a value with a comma in it into quotes"));
    }
    let known = |(name, _): &(&String, String)| COLUMNS.contains(&name.as_str());
    Ok(header.iter().zip(cells).filter(known).map(|(name, cell)| (name.clone(), cell)).collect())
}

/// The cells of a line of CSV (RFC 4180); a value that goes on in the next line is none.
fn cells(line: &str) -> Result<Vec<String>, Fault> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = cells.len() - 1;
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cells[last].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells[last].push(letter),
        }
    }
    if quoted {
        return Err(("a quote is not closed on this line".to_owned(), "close it, or take line breaks out of values"));
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_line_is_told_with_its_number_and_its_cure_and_the_rest_is_read() {
        let text = "type,id,pool,at,work_s,target_s,left_after_s,worker,from,to\n\
            contact,1,\"sales, north\",2026-11-24T08:30:00+02:00,240.0,60,,,,\n\
            contact,2,sales,yesterday,240,,,,,\n\
            task,3,orders,2026-11-24T08:31:00Z,soon,,,,,\n\
            visit,4,sales,2026-11-24T08:31:00Z,1,,,,,\n\
            shift,,orders,,,,,dana,2026-11-24T09:00:00Z,2026-11-24T08:00:00Z\n\
            contact,5,sales,2026-11-24T08:31:00Z,1,,,,,,,,\n\
            contact,6,\"sales,2026-11-24T08:31:00Z,1\n\
            \n\
            shift,,orders,,,,,dana,2026-11-24T08:00:00Z,2026-11-24T16:00:00Z\n";
        let export = Export::read(text.as_bytes(), Form::Csv).unwrap();
        let lines: Vec<usize> = export.bad.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 0]);
        assert!(export.bad.iter().all(|bad| !bad.fault.is_empty() && !bad.cure.is_empty()));
        assert_eq!((export.work.len(), export.shifts.len()), (1, 1));
        assert_eq!(
            (export.pools[0].name.as_str(), export.pools[0].front, export.pools[0].target_s),
            ("sales, north", true, 60)
        );
    }

    #[test]
    fn json_lines_say_the_same() {
        let text =
            "{\"type\":\"task\",\"pool\":\"orders\",\"at\":\"2026-11-24T08:31:00Z\",\"work_s\":90}\nnot json\n[1]\n";
        let shift = "{\"type\":\"shift\",\"pool\":\"orders\",\"worker\":\"dana\",\"from\":\"2026-11-24T08:00:00Z\",\"to\":\"2026-11-24T16:00:00Z\"}\n";
        let export = Export::read(format!("{text}{shift}").as_bytes(), Form::JsonLines).unwrap();
        assert_eq!((export.work.len(), export.bad_lines), (1, 2));
        assert!(!export.pools[0].front && export.pools[0].target_s == 86_400);
    }

    #[test]
    fn a_file_without_a_header_is_told_so_once() {
        let export = Export::read("contact,1,sales\ncontact,2,sales\n".as_bytes(), Form::Csv).unwrap();
        assert_eq!((export.bad_lines, export.bad[0].line), (1, 1));
    }
}
