//! Grandstream UCM's call detail records: those of Asterisk with other column names, as CSV or JSON from the
//! CDR API, or as CSV from the web pages. The API writes CSV without quotes or escapes, so commas in
//! `lastdata` shift the following columns. In JSON, a call of several legs is a `main_cdr` with `sub_cdr_1`,
//! `sub_cdr_2`, ....

use std::borrow::Cow;
use std::io::{BufRead, Cursor, Read};

use calls_model::Disposition;

use crate::asterisk_call::{self, Leg};
use crate::duration::{self, Unit};
use crate::ending;
use crate::error::ReadError;
use crate::format::Format;
use crate::objects::{self, Count, Object};
use crate::options::Options;
use crate::record::{Items, Out, Reason, expected};
use crate::rows::Row;
use crate::table::{self, Header, plain};
use crate::talk::began;

/// Number of rows that wait for others of their call.
const WINDOW: usize = 200;

/// Reads the calls of a CSV file.
pub(crate) fn read_csv<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    let prepare = move |first: &Row| {
        let columns = Columns::new(&Header::new(Format::GrandstreamCsv, first), first.len())?;
        Ok(move |row: &Row| columns.leg(row, &options))
    };
    table::read_joined(reader, WINDOW, prepare, asterisk_call::put)
}

/// Reads the calls of a JSON file.
pub(crate) fn read_json<'a>(options: &Options, mut reader: impl BufRead + 'a) -> Items<'a> {
    /// Number of bytes that contain the name of the list.
    const HEAD: u64 = 4096;
    let options = options.clone();
    let mut head = Vec::new();
    if let Err(error) = reader.by_ref().take(HEAD).read_to_end(&mut head) {
        return Box::new(std::iter::once(Err(error.into())));
    }
    // In older firmware "cdr" is the list; in newer firmware it is each of its entries.
    let is_new = String::from_utf8_lossy(&head).contains("\"cdr_root\"");
    let list = if is_new { "cdr_root" } else { "cdr" };
    let whole = Cursor::new(head).chain(reader);
    objects::read(Format::GrandstreamJson, whole, Count::Objects, Some(list), move |object, out| {
        put_object(object, &options, out)
    })
}

/// Whether a header is that of the API or of the web pages.
pub(crate) fn fits_header(header: &Header) -> bool {
    let marks = [
        "AcctId",
        "channel_ext",
        "dstchannel_ext",
        "chanext",
        "action_owner",
        "action_type",
        "Account Code",
        "AMA Flags",
        "Source Channel",
        "Dest Channel",
    ];
    [SRC, DST, START, BILLSEC, DISPOSITION].iter().all(|names| header.find(names).is_some())
        && marks.iter().any(|mark| header.find(&[mark]).is_some())
        && header.find(&["calldate"]).is_none()
}

const SRC: &[&str] = &["src", "caller number", "call from"];
const DST: &[&str] = &["dst", "callee number", "call to"];
/// Names of the column with the start of a call.
pub(crate) const START: &[&str] = &["start", "start time"];
const BILLSEC: &[&str] = &["billsec", "talk time"];
const DISPOSITION: &[&str] = &["disposition", "call status", "status"];
const LAST_DATA: &[&str] = &["lastdata", "last data"];

/// Fields that not every file has.
const OTHERS: [&[&str]; 10] = [
    &["duration", "call time"],
    &["caller_name", "caller name"],
    &["clid", "caller id"],
    &["channel", "source channel"],
    &["dstchannel", "dest channel"],
    &["dstchannel_ext", "dstchanext", "dest channel extension"],
    &["lastapp", "last app"],
    &["action_type", "action type"],
    &["session"],
    &["uniqueid", "unique id"],
];

struct Columns {
    count: usize,
    last_data: Option<usize>,
    needed: [usize; 5],
    others: [Option<usize>; OTHERS.len()],
}

impl Columns {
    fn new(header: &Header, count: usize) -> Result<Self, ReadError> {
        Ok(Self {
            count,
            last_data: header.find(LAST_DATA),
            needed: [
                header.require(SRC)?,
                header.require(DST)?,
                header.require(START)?,
                header.require(BILLSEC)?,
                header.require(DISPOSITION)?,
            ],
            others: OTHERS.map(|names| header.find(names)),
        })
    }

    fn leg(&self, row: &Row, options: &Options) -> Result<(Leg, Vec<String>), Reason> {
        let moved = row.len().saturating_sub(self.count);
        let text = |column: usize| {
            let is_behind = self.last_data.is_some_and(|last_data| column > last_data);
            row.get(if is_behind { column + moved } else { column })
        };
        let fields =
            Fields { needed: self.needed.map(text), others: self.others.map(|column| column.map(text)) };
        Ok((fields.leg(options)?, fields.keys()))
    }
}

/// A call detail record, as texts: the required fields, and [`OTHERS`].
struct Fields<'a> {
    needed: [Cow<'a, str>; 5],
    others: [Option<Cow<'a, str>>; OTHERS.len()],
}

impl<'a> Fields<'a> {
    fn of_object(object: &'a Object, path: &[&str]) -> Self {
        let text = |names: &[&str]| object.text(&[path, &names[..1]].concat());
        Self {
            needed: [SRC, DST, START, BILLSEC, DISPOSITION].map(|names| text(names).unwrap_or_default()),
            others: OTHERS.map(text),
        }
    }

    /// Keys that the rows of a call share.
    fn keys(&self) -> Vec<String> {
        let [.., session, unique_id] = &self.others;
        let key = [session, unique_id].into_iter().flatten().find(|key| !key.is_empty());
        key.map(|key| vec![key.to_string()]).unwrap_or_default()
    }

    fn leg(&self, options: &Options) -> Result<Leg, Reason> {
        let [src, dst, start, billsec, disposition] = &self.needed;
        let [whole, caller_name, clid, channel, dstchannel, extension, last_app, action, ..] = &self.others;
        let text = |field: &Option<Cow<'_, str>>| field.as_deref().unwrap_or_default().to_owned();
        let ended = ending::by_word(disposition)
            .ok_or_else(|| expected("a disposition such as ANSWERED or NO ANSWER", disposition))?;
        let answered = match ended {
            Disposition::Answered => duration::optional(billsec, Unit::Seconds)?,
            _ => None,
        };
        // A file may contain the extension only in the name of a channel.
        let of_extension = || extension.as_deref().filter(|extension| !extension.is_empty());
        let dstchannel = dstchannel.as_deref().map(String::from);
        let dstchannel =
            dstchannel.or_else(|| of_extension().map(|extension| format!("PJSIP/{extension}-0")));
        Ok(Leg {
            src: src.to_string(),
            clid: text(clid),
            dst: dst.to_string(),
            channel: text(channel),
            dstchannel,
            lastapp: application(
                last_app.as_deref().unwrap_or_default(),
                action.as_deref().unwrap_or_default(),
            ),
            start: began(start, options)?,
            duration: whole
                .as_deref()
                .and_then(|whole| duration::optional(whole, Unit::Seconds).ok())
                .flatten(),
            answered,
            disposition: Some(ended),
            caller_name: text(caller_name),
            ..Leg::default()
        })
    }
}

/// The Asterisk application, from its name or from the UCM's action: `VM`, `QUEUE[6500]`.
fn application(last_app: &str, action: &str) -> String {
    let action = plain(action);
    let of_action = match action.as_str() {
        "vm" | "voicemail" => "VoiceMail",
        action if action.starts_with("queue") => "Queue",
        action if action.starts_with("ivr") => "BackGround",
        _ => "",
    };
    if last_app.is_empty() || of_action == "VoiceMail" { of_action.to_owned() } else { last_app.to_owned() }
}

/// Adds the records of a call. The main record has caller and dialled number, and the others the phones that
/// rang.
fn put_object(object: &Object, options: &Options, out: &mut Out) -> Result<(), Reason> {
    if object.get(&["main_cdr"]).is_none() {
        return asterisk_call::put(vec![Fields::of_object(object, &[]).leg(options)?], out);
    }
    let mut legs = vec![Fields::of_object(object, &["main_cdr"]).leg(options)?];
    for key in object.members().keys().filter(|key| key.starts_with("sub_cdr")) {
        // The answer in the main record belongs to one of the others.
        legs[0].dstchannel = Some(String::new());
        legs.push(Fields::of_object(object, &[key.as_str()]).leg(options)?);
    }
    asterisk_call::put(legs, out)
}
