//! The texts of the contract: what is read is written so that it reads back, alone and in JSON.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use calls_model::{Call, CallDuration, CallType, E164, Party, TalkTime};
use serde::Serialize;
use serde::de::DeserializeOwned;

libfuzzer_sys::fuzz_target!(|text: &str| {
    same::<E164>(text);
    same::<Party>(text);
    same::<CallDuration>(text);
    same::<CallType>(text);
    same::<TalkTime>(text);
    if let Ok(call) = serde_json::from_str::<Call>(text) {
        let written = serde_json::to_string(&call).expect("a call can be written");
        assert_eq!(serde_json::from_str::<Call>(&written).expect("and read"), call);
    }
});

fn same<T>(text: &str)
where
    T: FromStr + Display + PartialEq + Debug + Serialize + DeserializeOwned,
{
    let Ok(value) = text.parse::<T>() else { return };
    let written = value.to_string();
    assert_eq!(written.parse::<T>().ok().as_ref(), Some(&value));
    let json = serde_json::to_string(&value).expect("a text can be written");
    assert_eq!(serde_json::from_str::<T>(&json).ok().as_ref(), Some(&value));
}
