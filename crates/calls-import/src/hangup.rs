//! Dispositions by hangup cause.

use calls_model::Disposition;

/// Disposition of an unanswered call by FreeSWITCH's name of its hangup cause (ITU-T Q.850). `None` for
/// unknown causes, and for those of answered calls.
pub(crate) fn cause(name: &str) -> Option<Disposition> {
    Some(match name.trim().to_ascii_uppercase().replace([' ', '-'], "_").as_str() {
        "USER_BUSY" => Disposition::Busy,
        "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "PROGRESS_TIMEOUT" | "ORIGINATOR_TIMEOUT" => {
            Disposition::NoAnswer
        }
        "ORIGINATOR_CANCEL" => Disposition::Cancelled,
        "CALL_REJECTED" | "DECLINE" => Disposition::Rejected,
        "BLIND_TRANSFER" | "ATTENDED_TRANSFER" | "NORMAL_CLEARING" | "NONE" | "" => return None,
        "LOSE_RACE" | "PICKED_OFF" | "COMPLETED_ELSEWHERE" => Disposition::AnsweredElsewhere,
        "UNALLOCATED_NUMBER"
        | "NO_ROUTE_DESTINATION"
        | "NO_ROUTE_TRANSIT_NET"
        | "DESTINATION_OUT_OF_ORDER"
        | "INVALID_NUMBER_FORMAT"
        | "FACILITY_REJECTED"
        | "NORMAL_UNSPECIFIED"
        | "NORMAL_CIRCUIT_CONGESTION"
        | "NETWORK_OUT_OF_ORDER"
        | "NORMAL_TEMPORARY_FAILURE"
        | "SWITCH_CONGESTION"
        | "REQUESTED_CHAN_UNAVAIL"
        | "BEARERCAPABILITY_NOTAUTH"
        | "BEARERCAPABILITY_NOTAVAIL"
        | "BEARERCAPABILITY_NOTIMPL"
        | "INCOMPATIBLE_DESTINATION"
        | "RECOVERY_ON_TIMER_EXPIRE"
        | "MANDATORY_IE_MISSING"
        | "PROTOCOL_ERROR"
        | "INTERWORKING"
        | "SUBSCRIBER_ABSENT"
        | "USER_NOT_REGISTERED"
        | "GATEWAY_DOWN"
        | "MEDIA_TIMEOUT"
        | "CHAN_NOT_IMPLEMENTED"
        | "SERVICE_UNAVAILABLE"
        | "SERVICE_NOT_IMPLEMENTED"
        | "OUTGOING_CALL_BARRED"
        | "INCOMING_CALL_BARRED"
        | "EXCHANGE_ROUTING_ERROR"
        | "NUMBER_CHANGED"
        | "CRASH"
        | "SYSTEM_SHUTDOWN" => Disposition::Failed,
        _ => return None,
    })
}

/// Disposition of a call by the code of its final SIP response (RFC 3261, section 21). `None` for unknown
/// codes.
pub(crate) fn sip_response(code: &str) -> Option<Disposition> {
    Some(match code {
        "200" => Disposition::Answered,
        "486" | "600" => Disposition::Busy,
        "408" | "480" => Disposition::NoAnswer,
        "487" => Disposition::Cancelled,
        "603" | "403" => Disposition::Rejected,
        "607" | "608" => Disposition::Blocked,
        "404" | "410" | "484" | "488" | "500" | "501" | "502" | "503" | "504" | "604" | "606" => {
            Disposition::Failed
        }
        _ => return None,
    })
}
