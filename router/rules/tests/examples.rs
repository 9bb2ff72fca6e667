//! The example sets of `deploy/examples/rules` are good, and send messages where their comments say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use blendline_rules::facts::History;
use blendline_rules::{Classifier, Facts, RuleSet, World, check};
use blendline_wire::Millis;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind};
use blendline_wire::mail::{Mail, MailAuthentication};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples/rules")
}

fn world() -> World {
    let channels = ["email_postmark", "email_raw", "facebook_page", "google_business", "webchat", "whatsapp_cloud"];
    World { channels: channels.map(str::to_owned).to_vec(), accounts: None }
}

fn load(name: &str) -> RuleSet {
    let path = folder().join(name);
    let checked = check(name, &std::fs::read_to_string(&path).unwrap(), &world());
    assert!(checked.faults.all().is_empty(), "{}", checked.faults);
    checked.set.unwrap()
}

#[test]
fn every_example_is_without_a_fault() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".yaml") {
            count += 1;
            load(&name);
        }
    }
    assert!(6 <= count, "{count} examples");
}

/// Each type that is shipped, with the company's queues in it.
#[test]
fn every_shipped_case_type_is_without_a_fault() {
    for (name, _) in blendline_rules::shipped::SHIPPED {
        let text = format!(
            "calendars:\n  day: {{hours: {{sun-thu: \"08:00-20:00\"}}}}\nqueues:\n  front: {{side: front}}\n  back: {{side: back}}\n\
             groups:\n  desk: {{queues: [front, back], workers: [noa]}}\nrules:\n  - {{name: all, queue: front}}\n\
             cases:\n  {name}:\n    like: {name}\n    calendar: day\n    queues: {{service: front, warehouse: back, \
             inquiry: back, quality: back, technicians: back, retention: front, collection: back, store: back, sales: front}}\n"
        );
        let checked = check(name, &text, &world());
        assert!(checked.faults.all().is_empty(), "{}", checked.faults);
    }
}

/// The rule that a message meets, `-` for none.
fn rule_of(set: &RuleSet, channel: &str, event: &InboundEvent, now: &str) -> String {
    let now = Millis::from_rfc3339(now).unwrap();
    let facts = Facts::of(event, (channel, "main"), History::default(), now, &set.zone);
    let classifier = Classifier::new(set);
    let decision = classifier.decide(&facts);
    assert!(decision.errors.is_empty());
    let explained = classifier.explain(&facts);
    let applies = explained.last().filter(|step| matches!(step.outcome, blendline_rules::Outcome::Applies(_)));
    assert_eq!(decision.rule.map(|rule| &rule.name.value), applies.map(|step| &step.rule.name.value));
    decision.rule.map_or("-".to_owned(), |rule| rule.name.value.clone())
}

fn said(text: &str) -> InboundEvent {
    InboundEvent { text: Some(text.into()), ..InboundEvent::default() }
}

#[test]
fn messages_go_where_the_rules_say() {
    // A Tuesday at noon, and the night after it.
    let (noon, night) = ("2026-11-24T10:00:00Z", "2026-11-24T23:30:00Z");
    let with_image = InboundEvent {
        attachments: vec![Attachment { kind: "image".into(), ..Attachment::default() }],
        ..said("تعال شوف")
    };
    let review = InboundEvent { kind: InboundKind::Review, rating: Some(1), ..said("terrible") };
    for (file, channel, event, now, rule) in [
        ("retailer.yaml", "whatsapp_cloud", said("מתי אקבל את ההחזר?"), noon, "refund"),
        ("retailer.yaml", "whatsapp_cloud", said("أريد الاسترداد"), noon, "refund-arabic"),
        ("retailer.yaml", "webchat", said("כמה עולה? אשמח לדעת מה המחיר"), noon, "buying"),
        ("retailer.yaml", "google_business", review, noon, "angry-review"),
        ("retailer.yaml", "webchat", said("hello there"), noon, "english"),
        ("telecom.yaml", "whatsapp_cloud", said("אין אינטרנט מהבוקר"), night, "תקלה"),
        ("telecom.yaml", "whatsapp_cloud", said("אין אינטרנט בסיבים"), night, "תקלה-בסיבים"),
        ("telecom.yaml", "whatsapp_cloud", said("אני רוצה לבטל את המנוי"), noon, "שימור"),
        ("telecom.yaml", "whatsapp_cloud", said("אני רוצה לבטל את המנוי"), night, "כל-השאר"),
        ("telecom.yaml", "whatsapp_cloud", said("нет интернета"), noon, "תקלה-ברוסית"),
        ("bank.yaml", "webchat", said("נגנב לי הכרטיס!!"), night, "fraud"),
        ("bank.yaml", "email_raw", said("what is the rate of a mortgage"), noon, "loan"),
        ("municipality.yaml", "whatsapp_cloud", with_image, night, "תמונה-של-מפגע"),
        ("municipality.yaml", "whatsapp_cloud", said("הנחה בארנונה"), noon, "גביה"),
        ("municipality.yaml", "whatsapp_cloud", said("הנחה בארנונה"), night, "כל-השאר"),
        ("clinic.yaml", "whatsapp_cloud", said("יש לי כאב בחזה"), night, "urgent"),
        ("clinic.yaml", "whatsapp_cloud", said("رسالة عادية"), noon, "arabic"),
        ("field-sales.yaml", "whatsapp_cloud", said("העגבניות הגיעו מקולקלות ולא טריות"), noon, "everything-else"),
        ("field-sales.yaml", "whatsapp_cloud", said("הגיע מקולקל"), noon, "spoiled-goods"),
    ] {
        assert_eq!(
            rule_of(&load(file), channel, &event, now),
            rule,
            "{file}: {:?}",
            event.text.map(|text| text.expose().clone())
        );
    }
}

/// The documentation of the fields is the table that the check and the evaluation are made from.
#[test]
fn every_field_is_documented_as_it_is() {
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md")).unwrap();
    for field in blendline_rules::fields::Field::ALL {
        let (group, name) = field.name();
        let row = format!("| `{group}.{name}` | {} | {} |", field.holds().name(), field.meaning());
        assert!(docs.contains(&row), "docs/rules.md wants the row\n{row}");
    }
}

/// The set in the documentation is a good one.
#[test]
fn the_documented_set_is_good() {
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md")).unwrap();
    let text = docs.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let checked = check("docs/rules.md", text, &world());
    assert!(checked.faults.all().is_empty(), "{}", checked.faults);
}

/// What a trusted server said of a mail's sender can be asked; of what is no mail nothing was said.
#[test]
fn rules_may_ask_what_is_known_of_a_mails_sender() {
    let text = "queues:\n  odd: {side: front}\n  service: {side: front}\nrules:\n  - {name: forged, when: \"msg.dmarc == 'fail' && msg.spf != 'pass' && msg.dkim == ''\", queue: odd}\n  - {name: rest, queue: service}\n";
    let checked = check("rules", text, &world());
    let set = checked.set.unwrap_or_else(|| panic!("{}", checked.faults));
    let rule_of = |event: &InboundEvent| {
        let facts = Facts::of(event, ("email_raw", "care"), History::default(), Millis(0), &set.zone);
        Classifier::new(&set).decide(&facts).rule.map(|rule| rule.name.value.clone()).unwrap_or_default()
    };
    let said = MailAuthentication {
        dmarc: Some("FAIL".into()),
        spf: Some("softfail".into()),
        ..MailAuthentication::default()
    };
    let mail = Some(Box::new(Mail { authentication: Some(said), ..Mail::default() }));
    assert_eq!(rule_of(&InboundEvent { mail, ..InboundEvent::default() }), "forged");
    assert_eq!(rule_of(&InboundEvent::default()), "rest");
}
