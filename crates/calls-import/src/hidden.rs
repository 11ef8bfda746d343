//! Words in place of a number, in the languages of systems and telephones.

use crate::fold::fold;
use crate::record::RawParty;

/// Parses a word for a withheld or unknown caller. `None` for other texts.
pub(crate) fn hidden(text: &str) -> Option<RawParty> {
    /// Maximum length, longer than any of the words.
    const LONGEST: usize = 80;
    if text.len() > LONGEST {
        return None;
    }
    if let Some(hidden) = by_code(text) {
        return Some(hidden);
    }
    let word = fold(text);
    if word.is_empty() {
        return is_mask(text).then_some(RawParty::Withheld).or_else(|| without_letters(text));
    }
    if is_withheld(&word) {
        Some(RawParty::Withheld)
    } else if is_unknown(&word) {
        Some(RawParty::Unknown)
    } else {
        None
    }
}

/// Android's codes for callers without a number.
fn by_code(text: &str) -> Option<RawParty> {
    match text {
        "-1" | "-3" => Some(RawParty::Unknown),
        "-2" => Some(RawParty::Withheld),
        _ => None,
    }
}

/// Whether every digit of a number was replaced: `*****`.
fn is_mask(text: &str) -> bool {
    const SHORTEST: usize = 3;
    text.len() >= SHORTEST && text.bytes().all(|byte| byte == b'*')
}

/// Meaning of a text without letters and digits: unknown, unless it can be dialled.
fn without_letters(text: &str) -> Option<RawParty> {
    (!text.contains(['*', '#'])).then_some(RawParty::Unknown)
}

fn is_withheld(word: &str) -> bool {
    // Some systems replace each digit by X.
    let is_crossed_out = word.len() >= 5 && word.bytes().all(|byte| byte == b'x');
    is_crossed_out || in_english(word) || in_other_languages(word)
}

fn in_english(word: &str) -> bool {
    matches!(
        word,
        "anonymous" | "anonymouscaller" | "anonymouscall" | "anonymousnumber" | "anon" | "private"
            | "privatenumber" | "privatecaller" | "privatecall" | "privatename" | "privateid"
            | "restricted" | "restrictednumber" | "restrictedcaller" | "restrictedcall"
            | "presentationrestricted" | "numberrestricted" | "callerrestricted"
            | "calleridrestricted" | "withheld" | "withheldnumber" | "numberwithheld"
            | "calleridwithheld" | "callerwithheld" | "idwithheld" | "withheldbycaller"
            | "cliwithheld" | "namewithheld" | "blocked" | "blockednumber" | "blockedcaller"
            | "blockedcall" | "blockedid" | "numberblocked" | "callerblocked" | "calleridblocked"
            | "idblocked" | "nocallerid" | "nocallerinformation" | "nocid" | "hidden"
            | "hiddennumber" | "hiddencaller" | "hiddenid" | "numberhidden" | "calleridhidden"
            | "callerhidden" | "suppressed" | "suppressednumber" | "numbersuppressed" | "clir"
            | "secret" | "secretnumber" | "confidential" | "undisclosed" | "notdisclosed"
            | "numbernotdisclosed" | "concealed"
            // Code of the telephone network for private.
            | "p"
    )
}

fn in_other_languages(word: &str) -> bool {
    matches!(
        word,
        // German, Dutch, Swedish, Danish, Norwegian, Finnish
        "anonym" | "anonymeranruf" | "anonymeranrufer" | "anonymerufnummer" | "unterdruckt"
            | "unterdrueckt" | "unterdruckterufnummer" | "unterdruecktenummer"
            | "unterdrucktenummer" | "nummerunterdruckt" | "nummerunterdrueckt"
            | "rufnummerunterdruckt" | "rufnummerunterdrueckt" | "privat" | "privatenummer"
            | "privaternummer" | "privateranrufer" | "verborgen" | "verborgenenummer"
            | "verborgennummer" | "keineanruferid" | "keinerufnummernanzeige" | "geheim"
            | "geheimnummer" | "geheimenummer" | "anoniem" | "anoniemnummer" | "anoniemebeller"
            | "privenummer" | "afgeschermd" | "afgeschermdnummer" | "nummerafgeschermd"
            | "onderdrukt" | "geenbellerid" | "geheimnummers" | "dolt" | "doltnummer" | "hemligt"
            | "hemligtnummer" | "skjult" | "skjultnummer" | "skjultid" | "hemmelig" | "hemmeligt"
            | "hemmelignummer" | "hemmeligtnummer" | "privatnummer" | "anonymt" | "salattu"
            | "salainen" | "salainennumero" | "yksityinen" | "yksityinennumero"
            // French
            | "prive" | "privee" | "numeroprive" | "appelprive" | "masque" | "masquee"
            | "numeromasque" | "appelmasque" | "correspondantmasque" | "identitemasquee"
            | "idmasque" | "anonyme" | "appelanonyme" | "numeroanonyme" | "appelantanonyme"
            | "cache" | "numerocache" | "numerosecret" | "confidentiel" | "aucunidappelant"
            | "pasdidappelant" | "nondivulgue"
            // Spanish, Portuguese, Italian
            | "privado" | "privada" | "numeroprivado" | "llamadaprivada" | "oculto" | "numerooculto"
            | "identidadoculta" | "llamadaoculta" | "anonimo" | "anonima" | "llamadaanonima"
            | "numeroanonimo" | "restringido" | "numerorestringido" | "reservado"
            | "sinidentificador" | "siniddellamada" | "sinidllamada" | "bloqueado"
            | "numerobloqueado" | "confidencial" | "numeroconfidencial" | "restrito"
            | "numerorestrito" | "semidentificacao" | "semiddechamada" | "chamadaanonima"
            | "chamadaprivada" | "privato" | "numeroprivato" | "nascosto" | "numeronascosto"
            | "chiamataanonima" | "riservato" | "numeroriservato" | "numeroanonimonascosto"
            | "oscurato" | "numerooscurato" | "nessunidchiamante" | "idchiamantenascosto"
            | "chiamanteanonimo"
            // Polish, Czech, Hungarian, Romanian, Turkish, Greek
            | "zastrzezony" | "numerzastrzezony" | "prywatny" | "numerprywatny" | "ukryty" | "numerukryty"
            | "anonimowy" | "skryte" | "skrytecislo" | "soukrome" | "soukromecislo" | "anonymni" | "rejtett"
            | "rejtettszam" | "titkos" | "titkosszam" | "ascuns" | "numarascuns" | "numarprivat" | "gizli"
            | "gizlinumara" | "ozel" | "ozelnumara" | "αποκρυψη" | "αποκρυψηαριθμου" | "ανωνυμος"
            // Russian, Ukrainian, Hebrew, Arabic
            | "скрытыи" | "скрытый" | "скрытыйномер" | "номерскрыт" | "анонимный" | "аноним"
            | "частныйномер" | "приватный" | "приховании" | "прихований" | "прихованийномер"
            | "חסוי" | "מספרחסוי" | "رقمخاص" | "خاص"
            // Japanese, Chinese, Korean
            | "非通知" | "非通知設定" | "番号非通知" | "匿名" | "匿名号码" | "私人号码" | "私人號碼" | "隐藏号码"
            | "隱藏號碼" | "私密号码" | "无来电显示" | "無來電顯示" | "발신번호표시제한" | "발신자표시제한"
    )
}

fn is_unknown(word: &str) -> bool {
    matches!(
        word,
        "unknown" | "unknowncaller" | "unknownnumber" | "unknownname" | "unavailable"
            | "notavailable" | "numberunavailable" | "calleridunavailable" | "na" | "none" | "null"
            | "nil" | "nan" | "undefined" | "outofarea" | "nonumber" | "notprovided" | "notapplicable"
            | "payphone" | "coinline" | "o"
            // Unknown callers, in the same languages.
            | "unbekannt" | "unbekannteranrufer" | "unbekanntenummer" | "unbekannterufnummer"
            | "nichtverfugbar" | "keinenummer" | "keinerufnummer" | "onbekend" | "onbekendnummer"
            | "onbekendebeller" | "okand" | "okant"
            | "ohnerufnummer" | "ohnenummer" | "okantnummer" | "ukjent" | "ukjentnummer" | "ukendt"
            | "ukendtnummer" | "tuntematon" | "tuntematonnumero" | "inconnu" | "inconnue"
            | "numeroinconnu" | "appelantinconnu" | "correspondantinconnu" | "indisponible"
            | "desconocido" | "desconocida" | "numerodesconocido" | "nodisponible" | "desconhecido"
            | "numerodesconhecido" | "indisponivel" | "naoidentificado" | "sconosciuto"
            | "numerosconosciuto" | "nondisponibile" | "nieznany" | "numernieznany"
            | "nieznanynumer" | "neznamy" | "nezname" | "neznamecislo" | "ismeretlen"
            | "ismeretlenszam" | "necunoscut" | "numarnecunoscut" | "bilinmeyen"
            | "bilinmeyennumara" | "αγνωστος" | "αγνωστοσ" | "αγνωστο" | "неизвестный"
            | "неизвестно" | "неизвестныйномер" | "неизвестен" | "невідомий" | "невідомийномер"
            | "לאידוע" | "مجهول" | "غيرمعروف" | "不明" | "通知不可能" | "表示圏外" | "公衆電話" | "未知" | "未知号码"
            | "未知號碼" | "未知来电" | "未知來電" | "알수없음"
    )
}
