// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "call_type"))]
    pub struct CallType;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "party_kind"))]
    pub struct PartyKind;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::CallType;

    calls (id) {
        id -> Int8,
        number -> Int8,
        counterparty -> Int8,
        created_at -> Timestamptz,
        #[sql_name = "type"]
        type_ -> CallType,
        duration_ms -> Nullable<Int4>,
    }
}

diesel::table! {
    idempotency_keys (key) {
        key -> Text,
        digest -> Bytea,
        answer -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::PartyKind;

    phone_numbers (number) {
        number -> Int8,
        kind -> PartyKind,
        label -> Nullable<Text>,
        first_seen -> Timestamptz,
        history_version -> Int8,
    }
}

diesel::allow_tables_to_appear_in_same_query!(calls, idempotency_keys, phone_numbers,);
