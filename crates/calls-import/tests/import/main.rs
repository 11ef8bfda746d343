//! Files of every format, and the records that they give.

mod android;
mod asterisk;
mod beside;
mod entries;
mod export;
mod field_reports;
mod freeswitch;
mod generic;
mod google_voice;
mod hosted;
mod hostile;
mod iphone;
mod joining;
mod kinds;
mod open;
mod phones;
mod siblings;
mod storedata;
mod support;
mod systems;
mod told;
mod twilio;
