//! The summary beside the list: sums, two charts, and the counterparties with the most calls. The data of a
//! chart is also in a table with links; clicks in the chart do the same.

use std::sync::Arc;
use std::time::Duration;

use calls_model::Summary;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Section;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::chart::{Chart, ChartCell};
use super::charts::{self, Bar, Bucket, Cell};
use super::list_state::List;
use super::years;
use crate::day::Day;
use crate::filter::{self, Filter, Show};
use crate::html::{Html, html};
use crate::intl::{self, Part};
use crate::page::{find, replace};
use crate::path;
use crate::reactive::effect;
use crate::script::{self, count, duration as talk_time, fill, t, wait};

/// Minimum width at which the summary is beside the list, as in style.css.
const WIDE: &str = "(min-width: 75rem)";
const DAY_MS: f64 = 86_400_000.0;
/// 1970-01-05, a Monday.
const MONDAY: f64 = 4.0;

/// The summary. Its content is written as one text, again after each change: as views, its cells would make
/// the program much larger.
#[component]
pub fn SummaryPanel(
    /// The page's path, without a filter.
    base: Memo<String>,
    /// The current filter.
    filter: Memo<Filter>,
    /// The list beside it.
    list: List,
) -> impl IntoView {
    let node = NodeRef::<Section>::new();
    let links = Links { base, filter, list };
    let written: Written = StoredValue::new((Html::default(), Vec::new()));
    // Triggered when a part was opened or closed.
    let toggled = Trigger::new();
    write_on_change(node, links, written, toggled);
    let navigate = use_navigate();
    let go = move |address: &str| {
        navigate(address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    let go_by_key = go.clone();
    let choose = move |event: MouseEvent| {
        let cell = written.try_with_value(|(_, charts)| cell_at(&event, charts)).flatten();
        if let Some((_, _, Some((_, address)))) = cell {
            go(&address);
        }
        if target(&event).is_some_and(|target| target.closest("summary").ok().flatten().is_some()) {
            // It opens or closes after the event.
            set_timeout(move || toggled.notify(), Duration::ZERO);
        }
    };
    let point = move |event: MouseEvent| {
        // The element that the pointer leaves may be gone.
        if let Some(section) = node.try_get_untracked().flatten() {
            written.try_with_value(|(_, charts)| {
                let (chart, cell, _) = cell_at(&event, charts).unwrap_or((usize::MAX, 0, None));
                say(&section, charts, chart, cell);
            });
        }
    };
    let walk = move |event: KeyboardEvent| {
        let Some(section) = node.try_get_untracked().flatten() else { return };
        let address = written.try_with_value(|(_, charts)| walk(&event, charts, &section));
        if let Some(address) = address.flatten() {
            go_by_key(&address);
        }
    };
    let is_wide = window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches());
    let open = if is_wide { " open" } else { "" };
    let inside = html!("<summary><h2>", t("Summary"), "</h2></summary><div class=\"summary-parts\"></div>");
    let html = format!("<details{open}>{}</details>", inside.as_str());
    view! {
        <section
            class="summary"
            aria-label=t("Summary")
            node_ref=node
            inner_html=html
            on:click=choose
            on:mousemove=point
            on:mouseleave=point
            on:keydown=walk
        ></section>
    }
}

/// HTML of the content, and the charts.
type Written = StoredValue<(Html, Vec<Chart>)>;

/// Writes the content, and again when the data, the filter or the open parts change.
fn write_on_change(node: NodeRef<Section>, links: Links, written: Written, toggled: Trigger) {
    let list = links.list;
    effect(move || {
        toggled.track();
        let Some(section) = node.get() else { return };
        let Some(parts) = find(&section, ".summary-parts") else { return };
        let is_open = find(&section, "details[open] > .summary-parts").is_some();
        // Data of another filter is shown until the response arrives; data of another number never is.
        let (html, charts, is_stale) = list.summary.with(|data| {
            list.wanted.with(|wanted| {
                match data.as_ref().filter(|data| data.key.wanted.number == wanted.number) {
                    _ if !is_open => Default::default(),
                    None => (hint(&t("Adding up…")), Vec::new(), false),
                    Some(data) => {
                        let (html, charts) = write_parts(&data.summary, &links, &section);
                        (html, charts, data.key.wanted != *wanted)
                    }
                }
            })
        });
        section.class_list().toggle_with_force("stale", is_stale).unwrap_or_default();
        if written.with_value(|(before, _)| *before != html) {
            replace(&parts, html.as_str());
            written.set_value((html, charts));
        }
    });
}

/// Shows the text of a cell above its chart, over nothing that could move, and removes the text of the other
/// chart.
fn say(section: &Element, charts: &[Chart], chart: usize, cell: usize) {
    for (index, one) in charts.iter().enumerate() {
        let Some(picture) = find(section, &format!(".chart.{}", one.name)) else { continue };
        let said = one.cells.get(cell).filter(|_| index == chart).and_then(Option::as_ref);
        // All of these names are well-formed.
        picture.class_list().toggle_with_force("pointing", said.is_some()).unwrap_or_default();
        let (Some(tip), Some(svg), Some((text, _))) =
            (find(&picture, ".chart-tip"), find(&picture, "svg"), said)
        else {
            continue;
        };
        tip.set_text_content(Some(text));
        let set = |element: &Element, name: &str, value: &str| {
            element.set_attribute(name, value).unwrap_or_default();
        };
        set(&svg, "aria-valuenow", &(cell + 1).to_string());
        set(&svg, "aria-valuetext", text);
        if let Some(mark) = find(&svg, "rect") {
            let share = |of: usize, all: usize| script::decimal(of as f64 * 100.0 / all as f64) + "%";
            set(&mark, "x", &share(cell % one.columns, one.columns));
            set(&mark, "y", &share(cell / one.columns, one.rows()));
        }
    }
}

/// Moves within a chart by keys. Returns the target of Enter.
fn walk(event: &KeyboardEvent, charts: &[Chart], section: &Element) -> Option<String> {
    let svg = event.target()?.dyn_into::<Element>().ok()?;
    let name = svg.get_attribute("data-svg")?;
    let index = charts.iter().position(|chart| chart.name == name)?;
    let (chart, now) = (&charts[index], svg.get_attribute("aria-valuenow")?.parse::<usize>().ok()? - 1);
    let key = event.key();
    if key == "Enter" {
        return chart.cells[now].as_ref().map(|(_, address)| address.clone());
    }
    if let Some(next) = chart.next(now, &key) {
        event.prevent_default();
        say(section, charts, index, next);
    }
    None
}

fn target(event: &MouseEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The chart of an event, the cell's index, and the cell.
fn cell_at(event: &MouseEvent, charts: &[Chart]) -> Option<(usize, usize, ChartCell)> {
    let svg = target(event).filter(|target| target.tag_name() == "svg")?;
    let name = svg.get_attribute("data-svg")?;
    let index = charts.iter().position(|chart| chart.name == name)?;
    let chart = &charts[index];
    let place = svg.get_bounding_client_rect();
    let share = |at: i32, start: f64, length: f64, of: usize| {
        let share = ((f64::from(at) - start) / length * of as f64).floor() as usize;
        (share < of).then_some(share)
    };
    let column = share(event.client_x(), place.left(), place.width(), chart.columns)?;
    let row = share(event.client_y(), place.top(), place.height(), chart.rows())?;
    let cell = row * chart.columns + column;
    Some((index, cell, chart.cells.get(cell)?.clone()))
}

/// All parts of the summary. Tables are written if they are open.
fn write_parts(summary: &Arc<Summary>, links: &Links, section: &Element) -> (Html, Vec<Chart>) {
    if summary.calls == 0 {
        return (hint(&t("There are no calls to add up.")), Vec::new());
    }
    let charts: Vec<Chart> =
        [days_chart(summary, links, links.list.today.get()), hours_chart(summary, links)]
            .into_iter()
            .flatten()
            .collect();
    let to = |period| links.to(|filter| filter.period = period);
    let years = links.filter.with(|filter| years::html(summary, filter, to));
    let pictures: Vec<Html> = charts
        .iter()
        .map(|chart| {
            let is_open = find(section, &format!("[data-chart={}] details[open]", chart.name)).is_some();
            chart.html(is_open)
        })
        .collect();
    let people = (!links.list.is_of_person()).then(|| {
        html!("<section><h3>", t("Most calls with"), "</h3>", people_table(summary, links), "</section>")
    });
    (html!("<dl class=\"totals\">", totals(summary, links), "</dl>", years, pictures, people), charts)
}

/// Addresses of the page with other filters.
#[derive(Clone, Copy)]
struct Links {
    /// The page's path, without a filter.
    base: Memo<String>,
    filter: Memo<Filter>,
    list: List,
}

impl Links {
    fn to(&self, change: impl FnOnce(&mut Filter)) -> String {
        let mut filter = self.filter.get();
        change(&mut filter);
        self.base.get() + &filter.to_query()
    }
}

fn totals(summary: &Summary, links: &Links) -> Vec<Html> {
    let (types, before) = (&summary.types, summary.previous.as_ref());
    let line = |name: String, value: String, change: Option<Html>| {
        html!("<div><dt>", name, "</dt><dd>", value, change, "</dd></div>")
    };
    let counted = |name: String, now: u64, before: Option<u64>| {
        line(name, intl::number(now), before.and_then(|before| change(now, before)))
    };
    // There is no such rate among missed or outbound calls.
    let has_both = links.filter.with(|filter| matches!(filter.show, Show::All | Show::Inbound));
    let rate = summary.inbound.answer_rate.filter(|_| has_both);
    let rate_before = before.and_then(|before| before.inbound.answer_rate);
    let median = |name: String, time: Option<String>| time.map(|time| line(name, time, None));
    let lines = [
        Some(counted(t("Calls"), summary.calls, before.map(|before| before.calls))),
        Some(counted(t("Missed"), types.missed_inbound, before.map(|before| before.inbound.missed))),
        rate.map(|rate| {
            line(t("Answered"), intl::percent(rate), rate_before.map(|before| points(rate, before)))
        }),
        Some(counted(t("Not returned"), summary.missed_inbound.not_returned, None)),
        Some(line(t("Talk time"), talk_time(summary.talk_time), None)),
        median(t("Usually rings"), summary.inbound.median_ring.map(talk_time)),
        median(t("Returned after"), summary.inbound.median_return.map(wait)),
    ];
    lines.into_iter().flatten().collect()
}

/// Difference of a number from the previous period: `+12%`. Empty if that had no calls.
fn change(now: u64, before: u64) -> Option<Html> {
    (before > 0).then(|| beside(signed(now as f64 / before as f64 - 1.0)))
}

/// Difference of a rate from the previous period in percentage points: `+4%`.
fn points(now: f64, before: f64) -> Html {
    beside(signed(now - before))
}

/// A percentage with its sign.
fn signed(share: f64) -> String {
    let sign = if share < -0.005 { "\u{2212}" } else { "+" };
    sign.to_owned() + &intl::percent(share.abs())
}

fn beside(change: String) -> Html {
    html!("<small class=\"change\">", fill("{change} than before", &[("change", &change)]), "</small>")
}

fn days_chart(summary: &Arc<Summary>, links: &Links, today: Day) -> Option<Chart> {
    let (from, end) = links.filter.with(|filter| filter.period.days(today));
    let to = end.map(|end| end.plus(-1)).or_else(|| from.map(|_| today));
    let (bucket, bars) = charts::bars(&summary.days, from, to);
    let cell = |bar: &Bar| {
        let address =
            links.to(|filter| filter.period = filter::Period::range(Some(bar.first), Some(bar.last)));
        (cell_text(&bar_name(bucket, bar), bar.calls, bar.missed), address)
    };
    let cells: Vec<_> = bars.iter().map(|bar| (bar.calls > 0).then(|| cell(bar))).collect();
    let busiest = bars.iter().max_by_key(|bar| bar.calls)?;
    let (fact, picture, labels) = match bars.as_slice() {
        [only] => {
            let fact = fill("All of them: {time}.", &[("time", &bar_name(bucket, only))]);
            (fact, Default::default(), Html::default())
        }
        bars => {
            let text = match bucket {
                Bucket::Day => t("Busiest day: {time}, with {calls}."),
                Bucket::Week => t("Busiest week: {time}, with {calls}. Each bar is a week."),
                Bucket::Month => t("Busiest month: {time}, with {calls}. Each bar is a month."),
                Bucket::Year => t("Busiest year: {time}, with {calls}. Each bar is a year."),
            };
            let fact = filled(&text, &bar_name(bucket, busiest), busiest.calls);
            (fact, charts::draw_bars(bars), bar_labels(bucket, bars, busiest.calls))
        }
    };
    let rows: Vec<Vec<Cell>> = bars
        .iter()
        .zip(&cells)
        .filter_map(|(bar, cell)| {
            let link = Some((cell.as_ref()?.1.clone(), None));
            let name = Cell { text: bar_name(bucket, bar), link };
            Some(vec![name, Cell::plain(intl::number(bar.calls)), Cell::plain(intl::number(bar.missed))])
        })
        .collect();
    let head = match bucket {
        Bucket::Day => t("Day"),
        Bucket::Week => t("Week"),
        Bucket::Month => t("Month"),
        Bucket::Year => t("Year"),
    };
    let table = (t("Calls over time"), vec![head, t("Calls"), t("Unanswered")], rows);
    Some(Chart {
        name: "bars",
        title: t("Over time"),
        cell_name: t("Bar"),
        fact,
        picture,
        labels,
        columns: bars.len(),
        cells,
        table,
    })
}

/// The period of a bar.
fn bar_name(bucket: Bucket, bar: &Bar) -> String {
    let write = |day: Day, part| intl::in_utc(day.midnight_ms(), part);
    match bucket {
        Bucket::Day => write(bar.first, Part::Date),
        Bucket::Week if bar.first != bar.last => intl::days(bar.first, bar.last),
        Bucket::Week => write(bar.first, Part::Date),
        Bucket::Month => write(bar.first, Part::Month),
        Bucket::Year => write(bar.first, Part::Year),
    }
}

/// Top of the scale, first and last bar, and the legend.
fn bar_labels(bucket: Bucket, bars: &[Bar], most: u64) -> Html {
    let part = match bucket {
        Bucket::Day | Bucket::Week => Part::ShortDate,
        Bucket::Month => Part::Month,
        Bucket::Year => Part::Year,
    };
    let name = |bar: Option<&Bar>| bar.map(|bar| intl::in_utc(bar.first.midnight_ms(), part));
    html!(
        "<span class=\"scale\">",
        intl::number(charts::top_of_scale(most)),
        "</span><span>",
        name(bars.first()),
        "</span><span>",
        name(bars.last()),
        "</span><span class=\"legend\"><i class=\"key-answered\"></i>",
        t("Answered"),
        " <i class=\"key-missed\"></i>",
        t("Unanswered"),
        "</span>"
    )
}

fn hours_chart(summary: &Arc<Summary>, links: &Links) -> Option<Chart> {
    let busiest = summary.hours_of_week.iter().max_by_key(|hour| hour.calls)?;
    let weekdays: Vec<String> = (1..=7).map(|day| weekday(day, Part::Weekday)).collect();
    let hours: Vec<String> = (0..24).map(hour).collect();
    let name =
        |day: u8, hour: u8| format!("{}, {}", weekdays[usize::from(day) - 1], hours[usize::from(hour)]);
    let mut cells = vec![None; 7 * 24];
    let mut rows: Vec<Vec<Cell>> = hours
        .iter()
        .map(|hour| {
            let mut row = vec![Cell::plain(hour.clone())];
            row.resize(8, Cell::plain("0".to_owned()));
            row
        })
        .collect();
    for one in &summary.hours_of_week {
        let text = cell_text(&name(one.weekday, one.hour), one.calls, one.missed);
        let address = links.to(|filter| (filter.weekday, filter.hour) = (Some(one.weekday), Some(one.hour)));
        let (weekday, hour) = (usize::from(one.weekday), usize::from(one.hour));
        let link = Some((address.clone(), Some(text.clone())));
        rows[hour][weekday] = Cell { text: intl::number(one.calls), link };
        cells[(weekday - 1) * 24 + hour] = Some((text, address));
    }
    let short: Vec<String> = (1..=7).map(|day| weekday(day, Part::ShortWeekday)).collect();
    let head: Vec<String> = std::iter::once(t("Hour")).chain(short.iter().cloned()).collect();
    let picture = charts::draw_heat(&summary.hours_of_week);
    let label = |text: &String| html!("<span>", text, "</span>");
    let labels = |texts: &mut dyn Iterator<Item = &String>| texts.map(label).collect::<Vec<_>>();
    let labels = html!(
        "<span class=\"weekdays\">",
        labels(&mut short.iter()),
        "</span><span class=\"hours\">",
        labels(&mut hours.iter().step_by(6)),
        "</span>"
    );
    let text = t("Busiest hour: {time}, with {calls}.");
    let fact = filled(&text, &name(busiest.weekday, busiest.hour), busiest.calls);
    let table = (t("Calls by hour and day of the week"), head, rows);
    Some(Chart {
        name: "heat",
        title: t("Hours of the week"),
        cell_name: t("Hour"),
        fact,
        picture,
        labels,
        columns: 24,
        cells,
        table,
    })
}

fn people_table(summary: &Arc<Summary>, links: &Links) -> Html {
    let row = |one: &calls_model::CounterpartyCount| {
        let address = match one.counterparty.is_identified() {
            // As in the rows.
            true => path::page(&links.list.owner.get().number, Some(&one.counterparty.to_string())),
            false => links.to(|filter| filter.counterparty = filter::exactly(&one.counterparty)),
        };
        let text = links.list.spell(&one.counterparty);
        vec![
            Cell { text, link: Some((address, None)) },
            Cell::plain(intl::number(one.calls)),
            Cell::plain(talk_time(one.talk_time)),
        ]
    };
    let rows: Vec<Vec<Cell>> = summary.top_counterparties.iter().map(row).collect();
    let head = [t("With"), t("Calls"), t("Talk time")];
    charts::table("people", &t("Counterparties with the most calls"), &head, &rows)
}

/// The name of a day of the week, 1 for Monday.
pub fn weekday(weekday: u8, part: Part) -> String {
    intl::in_utc((MONDAY + f64::from(weekday) - 1.0) * DAY_MS, part)
}

/// The name of an hour of the day.
pub fn hour(hour: u8) -> String {
    intl::in_utc(f64::from(hour) * DAY_MS / 24.0, Part::Hour)
}

/// A time with its calls and the unanswered ones among them.
fn cell_text(time: &str, calls: u64, unanswered: u64) -> String {
    match unanswered {
        0 => filled("{time}: {calls}", time, calls),
        _ => fill(
            "{time}: {calls}, {unanswered} unanswered",
            &[
                ("time", time),
                ("calls", &count("{n} calls", calls)),
                ("unanswered", &intl::number(unanswered)),
            ],
        ),
    }
}

/// A text with a time and a number of calls.
fn filled(text: &str, time: &str, calls: u64) -> String {
    fill(text, &[("time", time), ("calls", &count("{n} calls", calls))])
}

fn hint(text: &str) -> Html {
    html!("<p class=\"hint\">", text, "</p>")
}
