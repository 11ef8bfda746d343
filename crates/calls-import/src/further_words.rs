//! Words of further languages for a direction and an end, as [`fold`](crate::fold::fold) gives them.

use calls_model::Disposition;

use crate::words::Word;

/// Meaning of a folded word. `None` for one that is not known.
pub(crate) fn word(text: &str) -> Option<Word> {
    let is_one_of = |words: &str| words.split(' ').any(|word| word == text);
    let meanings = [
        (IN, Word::In),
        (OUT, Word::Out),
        (MISSED, Word::Ended(None)),
        (REJECTED, Word::Ended(Some(Disposition::Rejected))),
        (BLOCKED, Word::Ended(Some(Disposition::Blocked))),
        (FILLERS, Word::Filler),
    ];
    meanings.into_iter().find(|(words, _)| is_one_of(words)).map(|(_, meaning)| meaning)
}

const IN: &str = "fogadott \
    수신 수신전화 被叫 来電 來電 已接 已接来电 呼入电话 bejovo prichadzajuci prichadzajuca вхидний вхідний вхідні \
    εισερχομενη εισερχομενες נכנסת נכנס واردة وارد saapuva saapunut tuleva primit primite \
    odebrane odebrany odebrana";

const OUT: &str = "발신 발신전화 主叫 已拨 已拨电话 拨出 撥出 去電 呼出电话 kimeno odchadzajuci odchadzajuca вихідний вихідні \
    εξερχομενη εξερχομενες יוצאת יוצא صادرة صادر lahteva soitettu efectuate efectuat iesire \
    aranan wybrane wykonane wychodzaca";

const MISSED: &str = "nem brak без нет не neprijaty neprijate neprijata ej שלא لم \
    부재중 부재중전화 未接來電 未接听 未接聽 nefogadott ratate ratat pierdut pierdute αναπαντητη αναπαντητες \
    فائتة فائت пропущено пропущений пропущені vastaamaton vastaamattomat nieodebrany \
    nieodebrana incomplete";

const REJECTED: &str = "거절 수신거절 拒接 拒否 odrzucone odrzucony odrzucona reddedilen reddedildi avvisat avvist afvist \
    отклонен отклоненный отклоненныи отклонено hylatty elutasitott respins odmietnuty odmitnuty";

const BLOCKED: &str = "차단 수신차단 已拦截 拦截 zablokowane zablokowany engellenen engellendi заблокирован заблокированный \
    blockerat blokeret blokkert";

const FILLERS: &str = "odpowiedzi ответа отвечен svar נענתה יחידה يرد عليها \
    arama cagri hivas apel apeluri κληση κλησεις שיחה مكالمة 전화 통화 電話 通話 电话 通话 hovor hovory \
    дзвінок виклик puhelu puhelut polaczenia anrop звонки вызовы rozmowa samtale 已";
