//! What the columns of a file mean, and its cells as fields of a record. Pure.

use std::collections::BTreeSet;

use blendline_wire::money;
use serde_json::{Map, Value, json};

use super::csv::Row;
use crate::config::did_you_mean;
use crate::handle::Records;

/// What stands before the name of a field that is the company's own.
const OWN: &str = "fields.";
/// What separates several values in one cell.
const AMONG: char = '|';
/// What a column is said to be that nobody wants.
const NOTHING: &str = "-";

/// What is wrong: with which field, and what to do.
pub(super) type Wrong = (String, String);

/// The fields of a file, by its columns; nothing for a column that is passed over.
pub(super) struct Columns(Vec<Option<String>>);

/// The fields that a column may hold.
fn known(of: Records) -> &'static [&'static str] {
    match of {
        Records::Customers => &["reference", "version", "name", "segment", "agent", "phones", "emails"],
        Records::Orders => &["reference", "version", "customer", "state", "total", "currency"],
    }
}

impl Columns {
    /// The columns of a header. `said` gives a heading another name: `מספר לקוח=reference,הערות=-`.
    pub(super) fn of(header: &Row, of: Records, said: &str) -> Result<Self, Vec<Wrong>> {
        let said: Vec<(&str, &str)> = said
            .split(',')
            .filter_map(|one| one.rsplit_once('='))
            .map(|(heading, field)| (heading.trim(), field.trim()))
            .collect();
        let headings: Vec<&str> = header.cells.iter().map(|cell| cell.trim()).collect();
        let (mut fields, mut wrong, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for heading in &headings {
            let field = said.iter().find(|(named, _)| named == heading).map_or(*heading, |(_, field)| *field);
            let is_own = field.strip_prefix(OWN).is_some_and(|name| !name.is_empty());
            if field == NOTHING {
                fields.push(None);
            } else if !is_own && !known(of).contains(&field) {
                let hint = did_you_mean(field, known(of).iter().copied());
                let cure = format!(
                    "a column is a field, or `fields.` and a name of your own: {hint}; say `columns={heading}=…`, or \
                     `{heading}=-` to pass it over"
                );
                wrong.push((field.to_owned(), cure));
            } else if !seen.insert(field) {
                wrong.push((field.to_owned(), "two columns hold this: pass one over with `=-`".to_owned()));
            } else {
                fields.push(Some(field.to_owned()));
            }
        }
        for (heading, _) in said.iter().filter(|(heading, _)| !headings.contains(heading)) {
            wrong.push((heading.to_string(), "`columns` names it, and the file has no such column".to_owned()));
        }
        if !seen.contains("reference") && wrong.is_empty() {
            let cure = "no column holds what the system calls each: say which with `columns=…=reference`";
            wrong.push(("reference".to_owned(), cure.to_owned()));
        }
        if wrong.is_empty() { Ok(Self(fields)) } else { Err(wrong) }
    }

    /// A row as a record of JSON. `version` is that of rows which say none; `is_number` tells which own fields are numbers.
    pub(super) fn record(
        &self,
        row: &Row,
        version: Option<u64>,
        is_number: impl Fn(&str) -> bool,
    ) -> Result<Map<String, Value>, Wrong> {
        let Self(fields) = self;
        if fields.len() != row.cells.len() {
            let (has, wants) = (row.cells.len(), fields.len());
            let cure = format!("the line has {has} fields and the header {wants}: quote what holds a separator");
            return Err((String::new(), cure));
        }
        let cells = || fields.iter().zip(&row.cells).filter_map(|(field, cell)| Some((field.as_deref()?, cell.trim())));
        let (mut record, mut own) = (Map::new(), Map::new());
        record.extend(version.map(|version| ("version".to_owned(), json!(version))));
        let currency = cells().find(|(field, _)| *field == "currency").map(|(_, cell)| cell);
        for (field, cell) in cells().filter(|(_, cell)| !cell.is_empty()) {
            let wrong = |cure: &str| (format!("/{}", field.replace('.', "/")), cure.to_owned());
            let whole = || cell.parse::<i64>().map_err(|_| wrong("give a whole number"));
            let value = match (field, field.strip_prefix(OWN)) {
                ("currency", _) => continue,
                ("version", _) => json!(cell.parse::<u64>().map_err(|_| wrong("give a whole number from 0"))?),
                ("total", _) => {
                    let cure = "give an amount with its currency, such as `129.90 ILS`";
                    amount(cell, currency).ok_or_else(|| wrong(cure))?
                }
                ("phones" | "emails", _) => json!(cell.split(AMONG).map(str::trim).collect::<Vec<_>>()),
                (_, Some(name)) => {
                    let value = if is_number(name) { json!(whole()?) } else { json!(cell) };
                    own.insert(name.to_owned(), value);
                    continue;
                }
                _ => json!(cell),
            };
            record.insert(field.to_owned(), value);
        }
        if !own.is_empty() {
            record.insert("fields".to_owned(), Value::Object(own));
        }
        Ok(record)
    }
}

/// An amount in whole minor units: `129.90 ILS`, or `129.90` where the currency stands in a column of its own.
fn amount(cell: &str, currency: Option<&str>) -> Option<Value> {
    let (number, currency) = match cell.rsplit_once(char::is_whitespace) {
        Some((number, currency)) => (number.trim(), currency),
        None => (cell, currency?),
    };
    let digits = usize::try_from(money::minor_digits(currency)).ok().filter(|_| money::is_currency(currency))?;
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    if rest.len() > digits || whole.is_empty() {
        return None;
    }
    let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = whole.strip_prefix('-').unwrap_or(whole);
    let minor: i64 = format!("{whole}{rest:0<digits$}").parse().ok().filter(|_| figures(bare) && figures(rest))?;
    Some(json!({ "minor": minor, "currency": currency }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Row {
        Row { line: 1, cells: cells.iter().map(|&cell| cell.to_owned()).collect() }
    }

    #[test]
    fn a_column_is_a_field_or_is_said_to_be_one() {
        let header = row(&["מספר לקוח", "שם", "fields.city", "הערות"]);
        let columns = Columns::of(&header, Records::Customers, "מספר לקוח=reference, שם=name,הערות=-").ok().unwrap();
        let record = columns.record(&row(&["C-7", " נועה ", "חיפה", "x"]), Some(3), |_| false).unwrap();
        let wanted = json!({ "reference": "C-7", "name": "נועה", "version": 3, "fields": { "city": "חיפה" } });
        assert_eq!(Value::Object(record), wanted);
        let wrong = |cells: &[&str], said: &str| {
            let wrong = Columns::of(&row(cells), Records::Customers, said).err().unwrap();
            wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&["reference", "nam", "state"], ""), ["nam", "state"], "an order's are none of a customer's");
        assert_eq!(wrong(&["reference", "name"], "שם=segment"), ["שם"]);
        assert_eq!(wrong(&["reference", "id"], "id=reference"), ["reference"]);
        assert_eq!(wrong(&["name"], ""), ["reference"]);
    }

    #[test]
    fn a_cell_is_what_its_field_holds() {
        let columns = |header: &[&str]| Columns::of(&row(header), Records::Orders, "").ok().unwrap();
        let all = columns(&["reference", "version", "total", "fields.points"]);
        let read = |cells: &[&str]| all.record(&row(cells), None, |name| name == "points").map(Value::Object);
        let wanted = json!({
            "reference": "1", "version": 4, "total": { "minor": 12_990, "currency": "ILS" }, "fields": { "points": 7 }
        });
        assert_eq!(read(&["1", "4", "129.9 ILS", "7"]), Ok(wanted));
        let place = |cells: &[&str]| read(cells).unwrap_err().0;
        assert_eq!(place(&["1", "x", "", ""]), "/version");
        assert_eq!(place(&["1", "1", "129.999 ILS", ""]), "/total");
        assert_eq!(place(&["1", "1", "", "many"]), "/fields/points");
        assert_eq!(place(&["1", "1"]), "", "the line itself");
        let apart = columns(&["reference", "total", "currency"]);
        let total =
            |cell: &str| apart.record(&row(&["1", cell, "JPY"]), None, |_| false).map(|all| all["total"].clone());
        assert_eq!(total("-500"), Ok(json!({ "minor": -500, "currency": "JPY" })));
        assert!(total("5.5").is_err() && total("+5").is_err());
    }
}
