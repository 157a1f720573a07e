//! Relocations: what is written where an address has to be filled in.

use object::elf::{
    R_X86_64_32, R_X86_64_32S, R_X86_64_64, R_X86_64_DTPOFF32, R_X86_64_DTPOFF64, R_X86_64_GOTPCREL,
    R_X86_64_GOTPCRELX, R_X86_64_GOTTPOFF, R_X86_64_NONE, R_X86_64_PC32, R_X86_64_PC64, R_X86_64_PLT32,
    R_X86_64_REX_GOTPCRELX, R_X86_64_TLSGD, R_X86_64_TLSLD, R_X86_64_TPOFF32, R_X86_64_TPOFF64, RelocationType,
};

/// The function that instructions call to find a thread-local. A patch knows where its thread-locals are, so these
/// calls are taken out.
pub const FIND_THREAD_LOCAL: &str = "__tls_get_addr";

/// What a relocation wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Nothing,
    /// The address itself.
    Absolute(Width),
    /// How far away the address is.
    Relative(Width),
    /// How far away a function is, or something that jumps there.
    Call,
    /// How far away a place is that holds the address.
    Slot,
    /// How far a thread-local is from the thread pointer.
    ThreadLocal(Width),
    /// How far away a place is that holds the distance of a thread-local from the thread pointer.
    ThreadLocalSlot,
    /// Instructions that call for the address of a thread-local (general dynamic).
    FindThreadLocal,
    /// Instructions that call for the module's block of thread-locals (local dynamic).
    FindBlock,
}

/// How wide a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 64 bits.
    Eight,
    /// 32 bits, which the processor extends by its sign.
    Four,
    /// 32 bits, which the processor extends by zeros.
    FourUnsigned,
}

/// What `kind` wants on x86-64, if it is known. Sources: System V ABI for x86-64, table 4.9, and ELF Handling For
/// Thread-Local Storage.
#[must_use]
pub fn form(kind: RelocationType) -> Option<Form> {
    Some(match kind {
        R_X86_64_NONE => Form::Nothing,
        R_X86_64_64 => Form::Absolute(Width::Eight),
        R_X86_64_32 => Form::Absolute(Width::FourUnsigned),
        R_X86_64_32S => Form::Absolute(Width::Four),
        R_X86_64_PC32 => Form::Relative(Width::Four),
        R_X86_64_PC64 => Form::Relative(Width::Eight),
        R_X86_64_PLT32 => Form::Call,
        R_X86_64_GOTPCREL | R_X86_64_GOTPCRELX | R_X86_64_REX_GOTPCRELX => Form::Slot,
        R_X86_64_TPOFF32 | R_X86_64_DTPOFF32 => Form::ThreadLocal(Width::Four),
        R_X86_64_TPOFF64 | R_X86_64_DTPOFF64 => Form::ThreadLocal(Width::Eight),
        R_X86_64_GOTTPOFF => Form::ThreadLocalSlot,
        R_X86_64_TLSGD => Form::FindThreadLocal,
        R_X86_64_TLSLD => Form::FindBlock,
        _ => return None,
    })
}

/// How many bytes the place that is meant lies behind what symbol and addend say: instructions count from their end.
#[must_use]
pub fn to_next_instruction(kind: RelocationType) -> i64 {
    match form(kind) {
        Some(Form::Absolute(_) | Form::ThreadLocal(_)) => 0,
        _ => 4,
    }
}

/// Writes `value` at `offset` of `bytes`; `None` if it does not fit.
pub fn put(bytes: &mut [u8], offset: u64, width: Width, value: i64) -> Option<()> {
    let offset = usize::try_from(offset).ok()?;
    let field = match width {
        Width::Eight => value.to_le_bytes().to_vec(),
        Width::Four => i32::try_from(value).ok()?.to_le_bytes().to_vec(),
        Width::FourUnsigned => u32::try_from(value).ok()?.to_le_bytes().to_vec(),
    };
    bytes.get_mut(offset..offset + field.len())?.copy_from_slice(&field);
    Some(())
}

/// Takes the call out that finds the thread-local at `distance` from the thread pointer: the instructions around the
/// field at `offset` become a plain addition. `None` if they are not those that compilers write.
pub fn without_call(bytes: &mut [u8], offset: u64, distance: i64) -> Option<()> {
    let at = usize::try_from(offset).ok()?.checked_sub(4)?;
    let code = bytes.get_mut(at..at + 16)?;
    // data16 lea x@tlsgd(%rip), %rdi, and a call, direct or through a slot, that prefixes bring to 8 bytes.
    let is_known = code.starts_with(&[0x66, 0x48, 0x8d, 0x3d])
        && (code[8..].starts_with(&[0x66, 0x66, 0x48, 0xe8]) || code[8..].starts_with(&[0x66, 0x48, 0xff, 0x15]));
    // mov %fs:0, %rax; lea distance(%rax), %rax
    is_known.then(|| code[..12].copy_from_slice(&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80]))?;
    put(code, 12, Width::Four, distance)
}

/// As [`without_call`], for the block of thread-locals. Distances are from the thread pointer, so the block is there.
pub fn without_block(bytes: &mut [u8], offset: u64) -> Option<()> {
    let at = usize::try_from(offset).ok()?.checked_sub(3)?;
    let code = bytes.get_mut(at..)?;
    // lea x@tlsld(%rip), %rdi, and a call of 5 or 6 bytes.
    let prefixes = match code {
        [0x48, 0x8d, 0x3d, _, _, _, _, 0xe8, _, _, _, _, ..] => 3,
        [0x48, 0x8d, 0x3d, _, _, _, _, 0xff, 0x15, _, _, _, _, ..] => 4,
        _ => return None,
    };
    // mov %fs:0, %rax
    code[..prefixes].fill(0x66);
    code[prefixes..prefixes + 9].copy_from_slice(&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]);
    Some(())
}

/// A jump to an address that is kept behind it, for functions that are too far away for a call.
#[must_use]
pub fn far_jump(to: u64) -> Vec<u8> {
    // jmp *0(%rip)
    let mut code = vec![0xff, 0x25, 0, 0, 0, 0];
    code.extend(to.to_le_bytes());
    code
}

/// The bytes that make a function's entry at `at` a jump to `to`; `None` if that is too far away.
#[must_use]
pub fn redirect(at: u64, to: u64) -> Option<Vec<u8>> {
    let mut code = vec![0xe9, 0, 0, 0, 0];
    put(&mut code, 1, Width::Four, to.wrapping_sub(at + 5).cast_signed())?;
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::{Width, far_jump, put, redirect, without_block, without_call};

    #[test]
    fn a_field_holds_what_fits() {
        let mut bytes = [0; 8];
        assert_eq!(put(&mut bytes, 2, Width::Four, -2), Some(()));
        assert_eq!(bytes, [0, 0, 0xfe, 0xff, 0xff, 0xff, 0, 0]);
        assert_eq!(put(&mut bytes, 0, Width::Four, 1 << 31), None);
        assert_eq!(put(&mut bytes, 0, Width::FourUnsigned, 1 << 31), Some(()));
        assert_eq!(put(&mut bytes, 0, Width::FourUnsigned, -1), None);
        assert_eq!(put(&mut bytes, 5, Width::Four, 0), None, "outside");
    }

    #[test]
    fn calls_for_thread_locals_become_additions() {
        let direct = [0x66, 0x48, 0x8d, 0x3d, 1, 1, 1, 1, 0x66, 0x66, 0x48, 0xe8, 1, 1, 1, 1];
        let slot = [0x66, 0x48, 0x8d, 0x3d, 1, 1, 1, 1, 0x66, 0x48, 0xff, 0x15, 1, 1, 1, 1];
        for mut code in [direct, slot] {
            assert_eq!(without_call(&mut code, 4, -24), Some(()));
            assert_eq!(code, [0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80, 0xe8, 0xff, 0xff, 0xff]);
        }
        let mut code = [0x48, 0x8d, 0x3d, 1, 1, 1, 1, 0xe8, 1, 1, 1, 1, 0x90];
        assert_eq!(without_block(&mut code, 3), Some(()));
        assert_eq!(code, [0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0, 0x90]);
        let mut code = [0x48, 0x8d, 0x3d, 1, 1, 1, 1, 0xff, 0x15, 1, 1, 1, 1];
        assert_eq!(without_block(&mut code, 3), Some(()));
        assert_eq!(code, [0x66, 0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0]);
        let mut other = [0x90; 16];
        assert_eq!((without_call(&mut other, 4, 0), without_block(&mut other, 3)), (None, None));
    }

    #[test]
    fn jumps_reach_what_they_can() {
        assert_eq!(redirect(0x1000, 0x1005), Some(vec![0xe9, 0, 0, 0, 0]));
        assert_eq!(redirect(0x1000, 0x0800), Some(vec![0xe9, 0xfb, 0xf7, 0xff, 0xff]));
        assert_eq!(redirect(0x1000, 0x1_0000_1000), None);
        assert_eq!(far_jump(0x0102), [0xff, 0x25, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
    }
}
