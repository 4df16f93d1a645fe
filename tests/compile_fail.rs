//! What a driver or an application could get wrong, and the compiler does not let it.

#[test]
fn misuse_of_the_protocol_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
