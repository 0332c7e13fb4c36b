//! Stripping removes the component's own custom sections and nothing else.

use xtask::component::strip;

leak_check::capture!();

/// How a component begins (the version is 13, the layer 1).
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let low = u8::try_from(content.len() % 128).unwrap();
    let high = u8::try_from(content.len() / 128).unwrap();
    [&[id, low | 0x80, high], content].concat()
}

#[test]
fn leaves_out_custom_sections_of_the_component_and_no_others() {
    let custom = section(CUSTOM, &[b'n'; 300]);
    let module = section(1, &[&MODULE[..], &custom].concat());
    let empty = [2, 0];
    let parts: [&[u8]; 6] = [&COMPONENT, &custom, &module, &custom, &empty, &custom];
    let stripped = strip(&parts.concat()).unwrap();
    assert_eq!(stripped, [&COMPONENT[..], &module, &empty].concat());
    assert_eq!(strip(&stripped).unwrap(), stripped);
}

#[test]
fn refuses_what_is_no_component() {
    let whole = [&COMPONENT[..], &section(1, &MODULE)].concat();
    for bytes in [b"", &MODULE[..], &whole[..12], &whole[..9], &whole[..10]] {
        assert_eq!(strip(bytes), None, "{bytes:?}");
    }
    let endless = [&COMPONENT[..], &[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0]].concat();
    assert_eq!(strip(&endless), None);
}
