use serde_json::json;

use crate::test_app::TestApp;

#[test]
fn a_number_is_described_in_each_spelling() {
    let app = TestApp::with(&["--region", "DE"]);
    let expected = json!({"e164": "+493012345678", "international": "+49 30 12345678", "national": "030 12345678",
                          "country": "DE", "kind": "fixed_line"});
    for spelling in ["+493012345678", "030%2012345678", "%2B49%2030%2012345678"] {
        assert_eq!(app.get(&format!("/api/numbers/{spelling}")).json(), expected, "{spelling}");
    }
}

#[test]
fn what_a_number_lacks_is_null() {
    let app = TestApp::new();
    assert_eq!(
        app.get("/api/numbers/+13333333333").json(),
        json!({"e164": "+13333333333", "international": "+1 333-333-3333", "national": "(333) 333-3333",
               "country": null, "kind": "unassigned"})
    );
    assert_eq!(
        app.get("/api/numbers/1001").json(),
        json!({"e164": null, "international": "1001", "national": "1001", "country": null, "kind": "local"})
    );
    assert_eq!(app.get("/api/numbers/+80012345678").json()["country"], json!(null));
}
