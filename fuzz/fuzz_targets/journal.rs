#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gomend_fuzz::journal(bytes));
