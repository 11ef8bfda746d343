// @generated automatically by Diesel CLI.

diesel::table! {
    address_books (book) {
        book -> Text,
        people -> Int4,
        read_at -> Timestamptz,
        url -> Nullable<Text>,
        state -> Nullable<Text>,
        region -> Nullable<Text>,
    }
}

diesel::table! {
    callbacks (number, counterparty) {
        number -> Int8,
        counterparty -> Int8,
        version -> Int8,
        done_until -> Nullable<Timestamptz>,
        done_at -> Nullable<Timestamptz>,
        note -> Text,
    }
}

diesel::table! {
    calls (number, id) {
        number -> Int8,
        id -> Int8,
        counterparty -> Int8,
        created_at -> Timestamptz,
        duration_ms -> Nullable<Int4>,
        #[sql_name = "type"]
        type_ -> Int2,
        disposition -> Int2,
        ring_ms -> Nullable<Int4>,
        via -> Nullable<Int8>,
    }
}

diesel::table! {
    counterparty_counts (number, counterparty) {
        number -> Int8,
        counterparty -> Int8,
        completed_inbound -> Int8,
        missed_inbound -> Int8,
        completed_outbound -> Int8,
        missed_outbound -> Int8,
        inbound_ms -> Int8,
        outbound_ms -> Int8,
        last_spoken -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    day_counts (number, day) {
        number -> Int8,
        day -> Int4,
        cells -> Bytea,
    }
}

diesel::table! {
    histories (number) {
        number -> Int8,
        version -> Int8,
        calls -> Int8,
        epoch -> Int8,
        last_call -> Timestamptz,
    }
}

diesel::table! {
    history_counts (number) {
        number -> Int8,
        counted_until -> Int8,
        top -> Bytea,
    }
}

diesel::table! {
    idempotency_keys (key) {
        key -> Text,
        digest -> Bytea,
        answer -> Text,
        created_at -> Timestamptz,
        quotes_sender -> Bool,
    }
}

diesel::table! {
    imported_files (digest) {
        digest -> Bytea,
        records -> Int8,
        imported_at -> Timestamptz,
    }
}

diesel::table! {
    last_imports (source) {
        source -> Text,
        added -> Int8,
        imported_at -> Timestamptz,
    }
}

diesel::table! {
    lines (name, place) {
        name -> Text,
        place -> Int4,
        number -> Int8,
    }
}

diesel::table! {
    listed_histories (number) {
        number -> Int8,
        until -> Int8,
        epoch -> Int8,
    }
}

diesel::table! {
    name_changes (slot) {
        slot -> Int2,
        changes -> Int8,
    }
}

diesel::table! {
    names (party, book) {
        party -> Int8,
        book -> Text,
        name -> Text,
        label -> Nullable<Text>,
        said_at -> Timestamptz,
        folded -> Nullable<Text>,
    }
}

diesel::table! {
    notes (number, call) {
        number -> Int8,
        call -> Int8,
        version -> Int8,
        text -> Text,
        tags -> Text,
    }
}

diesel::table! {
    occurrences (party) {
        party -> Int8,
        calls -> Int8,
        last_call -> Timestamptz,
        histories -> Array<Nullable<Int8>>,
    }
}

diesel::table! {
    other_parties (number) {
        number -> Int8,
        kind -> Text,
        label -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    address_books,
    callbacks,
    calls,
    counterparty_counts,
    day_counts,
    histories,
    history_counts,
    idempotency_keys,
    imported_files,
    last_imports,
    lines,
    listed_histories,
    name_changes,
    names,
    notes,
    occurrences,
    other_parties,
);
