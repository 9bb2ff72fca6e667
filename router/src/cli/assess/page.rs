//! The page that a manager decides by: whole in one file, and as good on paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Lang;
use super::export::Export;
use super::pools::{Assessment, PoolFigures, Way};
use super::words::Words;

/// Bad lines on the page.
const BAD_SHOWN: usize = 50;

const STYLE: &str = "
:root { color-scheme: light; --ink: #1b2430; --soft: #5b6675; --line: #d9dee5; --one: #9aa7b8; --two: #0f766e; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.5rem; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, 'Segoe UI', Arial, sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.lead, small { color: var(--soft); }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0; }
.numbers div strong { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
th { font-weight: 600; } td.number, th.number { text-align: end; white-space: nowrap; }
.bar { display: grid; grid-template-columns: 12rem 1fr 4rem; gap: .75rem; align-items: center; margin: .3rem 0; }
.bar span.track { background: #eef1f5; height: .9rem; border-radius: .2rem; overflow: hidden; }
.bar span.fill { display: block; height: 100%; background: var(--one); } .bar.two span.fill { background: var(--two); }
.saving { border: 2px solid var(--two); border-radius: .4rem; padding: 1rem 1.25rem; break-inside: avoid; }
.saving strong { font-size: 1.6rem; }
li { margin: .25rem 0; }
@media print { body { padding: 0; max-width: none; font-size: 11pt; } tr, .bar, li { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } @page { size: A4; margin: 18mm; } }
";

/// The whole page.
pub(super) fn page(assessed: &Assessment, export: &Export, lang: Lang, currency: &str) -> Markup {
    let words = lang.words();
    html! {
        (DOCTYPE)
        html lang=(words.code) dir=(words.dir) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (words.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (words.title) }
                p class="lead" { (words.lead) br; bdi { (day(&assessed.from)) } " – " bdi { (day(&assessed.to)) } }
                div class="numbers" {
                    (number(words.contacts, assessed.contacts)) (number(words.tasks, assessed.tasks))
                    (number(words.people, assessed.people)) (number(words.hours, assessed.hours))
                }
                (pools(assessed, words))
                h2 { (words.at_work) }
                (bar(words.front_line, assessed.front_busy_separate_milli, false))
                (bar(words.back_office, assessed.back_busy_separate_milli, false))
                (bar(words.everybody, assessed.busy_blended_milli, true))
                (saving(assessed, words, currency))
                h2 { (words.how) }
                ul { @for sentence in words.how_text { li { (sentence) } } }
                (bad(export, words))
            }
        }
    }
}

fn day(instant: &str) -> &str {
    instant.split('T').next().unwrap_or(instant)
}

fn number(what: &str, value: u64) -> Markup {
    html! { div { strong { (grouped(value)) } (what) } }
}

/// `12,345`.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if 0 < at && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn percent(milli: Option<u64>) -> String {
    milli.map_or_else(|| "–".to_owned(), |milli| format!("{}.{} %", milli / 10, milli % 10))
}

fn pools(assessed: &Assessment, words: &Words) -> Markup {
    html! {
        table {
            thead {
                tr {
                    th { (words.pool) } th class="number" { (words.target) } th {}
                    th class="number" { (words.in_time) } th class="number" { (words.wait) }
                    th class="number" { (words.left) } th class="number" { (words.done) }
                }
            }
            tbody { @for pool in &assessed.pools { (of_pool(pool, words)) } }
        }
    }
}

fn of_pool(pool: &PoolFigures, words: &Words) -> Markup {
    let kind = if pool.front { words.customers_wait } else { words.background };
    html! {
        tr {
            th rowspan="2" { bdi { (pool.name) } br; small { (kind) " · " (grouped(pool.came)) } }
            td rowspan="2" class="number" { (grouped(pool.target_s)) " " (words.seconds) }
            td { (words.separate) } (cells(&pool.separate, words))
        }
        tr { td { (words.blended) } (cells(&pool.blended, words)) }
    }
}

fn cells(way: &Way, words: &Words) -> Markup {
    html! {
        td class="number" { bdi { (percent(way.in_time_milli)) } }
        td class="number" { (grouped(way.wait_mean_s)) " " (words.seconds) }
        td class="number" { (grouped(way.left)) } td class="number" { (grouped(way.done)) }
    }
}

fn bar(what: &str, milli: Option<u64>, two: bool) -> Markup {
    let width = format!("inline-size: {}%", milli.unwrap_or_default().min(1_000) / 10);
    html! {
        div class=(if two { "bar two" } else { "bar" }) {
            span { (what) } span class="track" { span class="fill" style=(width) {} } bdi { (percent(milli)) }
        }
    }
}

fn saving(assessed: &Assessment, words: &Words, currency: &str) -> Markup {
    let saving = &assessed.saving;
    html! {
        h2 { (words.saving) }
        @if saving.percent == 0 {
            p { (words.saving_none) }
        } @else {
            div class="saving" {
                strong { bdi { (saving.percent) " %" } } " " (words.fewer) br;
                (grouped(saving.hours)) " " (words.hours) " · " bdi { (grouped(saving.money)) " " (currency) }
            }
        }
    }
}

fn bad(export: &Export, words: &Words) -> Markup {
    html! {
        @if 0 < export.bad_lines {
            h2 { (words.bad) " (" (grouped(export.bad_lines as u64)) ")" }
            ul {
                @for bad in export.bad.iter().take(BAD_SHOWN) {
                    li { @if 0 < bad.line { (words.line) " " (bad.line) ": " } bdi dir="ltr" { (bad.fault) } " — " bdi dir="ltr" { (bad.cure) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::export::{Export, Form};
    use super::*;

    /// Two pools that are busy at different hours.
    fn export() -> Export {
        let mut text = String::from("type,id,pool,at,work_s,target_s,left_after_s,worker,from,to\n");
        for minute in 0..240_u32 {
            let (hour, rest) = (8 + minute / 60, minute % 60);
            if minute < 120 || minute % 4 == 0 {
                text += &format!("contact,,<b>sales</b>,2026-11-24T{hour:02}:{rest:02}:00Z,170,60,300,,,\n");
            }
            if 120 <= minute {
                text += &format!("task,,orders,2026-11-24T{hour:02}:{rest:02}:10Z,200,1800,,,,\n");
            }
        }
        for (pool, worker) in
            [("<b>sales</b>", "a"), ("<b>sales</b>", "b"), ("<b>sales</b>", "c"), ("orders", "d"), ("orders", "e")]
        {
            text += &format!("shift,,{pool},,,,,{worker},2026-11-24T08:00:00Z,2026-11-24T13:00:00Z\n");
        }
        text += "contact,,sales,never,1\n";
        Export::read(text.as_bytes(), Form::Csv).unwrap()
    }

    #[test]
    fn one_pool_serves_better_than_two_and_the_page_says_so_in_both_languages() {
        let export = export();
        let assessed = Assessment::of(&export, 60).unwrap();
        let sales = &assessed.pools[0];
        assert_eq!(sales.came, 150);
        assert!(sales.separate.in_time_milli < sales.blended.in_time_milli, "{sales:?}");
        assert!(assessed.back_busy_separate_milli < Some(800), "{assessed:?}");
        for (lang, dir) in [(Lang::En, "dir=\"ltr\""), (Lang::He, "dir=\"rtl\"")] {
            let page = page(&assessed, &export, lang, "ILS").into_string();
            assert!(page.contains(dir) && page.contains("@media print") && page.contains(lang.words().title));
            assert!(page.contains("&lt;b&gt;sales") && !page.contains("<b>sales"), "names are text");
            assert!(page.contains(lang.words().bad), "the bad line is told");
        }
    }
}
