//! One of the steps by which a library computes its answer: as source text, and as what comes of it.

use std::fmt::Write as _;

/// How a step gets from one number to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Xor,
    Multiply,
    Branch,
    Match,
    /// With a closure of its own in it.
    Fold,
}

pub(crate) const OPERATIONS: [Operation; 6] =
    [Operation::Add, Operation::Xor, Operation::Multiply, Operation::Branch, Operation::Match, Operation::Fold];

/// What a step is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A function.
    Function,
    /// A function with a static that counts its calls.
    Static,
    /// A function that takes its operand from a `LazyLock`.
    Lazy,
    /// A closure that captures its operand, at the end of the function that calls all steps.
    Closure,
    /// A closure in a box in a `LazyLock`, which stays there for good.
    Boxed,
    /// A function that takes its operand from a thread-local.
    ThreadLocal,
    /// A type, and an object of a trait that it implements.
    Type,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) number: u32,
    pub(crate) form: Form,
    pub(crate) operation: Operation,
    pub(crate) operand: u64,
}

impl Operation {
    /// An expression for what comes of `value` with the expression `operand`.
    fn text(self, operand: &str) -> String {
        match self {
            Self::Add => format!("value.wrapping_add({operand})"),
            Self::Xor => format!("value ^ {operand}"),
            Self::Multiply => format!("value.wrapping_mul({operand} | 1)"),
            Self::Branch => {
                format!("if value % 2 == 0 {{ value.wrapping_add({operand}) }} else {{ value ^ {operand} }}")
            }
            Self::Match => {
                format!("match value % 3 {{ 0 => value ^ {operand}, 1 => value.wrapping_add({operand}), _ => !value }}")
            }
            Self::Fold => format!("(1..4_u64).fold(value, |value, next| value.wrapping_add(next * {operand}))"),
        }
    }

    fn apply(self, value: u64, operand: u64) -> u64 {
        match self {
            Self::Add => value.wrapping_add(operand),
            Self::Multiply => value.wrapping_mul(operand | 1),
            Self::Branch if value.is_multiple_of(2) => value.wrapping_add(operand),
            Self::Branch | Self::Xor => value ^ operand,
            Self::Match => match value % 3 {
                0 => value ^ operand,
                1 => value.wrapping_add(operand),
                _ => !value,
            },
            Self::Fold => (1..4_u64).fold(value, |value, next| value.wrapping_add(next * operand)),
        }
    }
}

impl Step {
    /// What comes of `value`.
    pub(crate) fn apply(&self, value: u64) -> u64 {
        self.operation.apply(value, self.operand)
    }

    /// Whether another operand would be another initial value, which the running program never takes.
    pub(crate) fn keeps_operand(&self) -> bool {
        matches!(self.form, Form::Lazy | Form::ThreadLocal)
    }

    /// Whether it can be taken out again: what is counted by the compiler moves up then, and may not be told apart.
    pub(crate) fn can_go(&self) -> bool {
        matches!(self.form, Form::Function | Form::Static)
    }

    /// How the step is called.
    pub(crate) fn call(&self) -> String {
        let (number, text) = (self.number, self.operation.text(&format!("operand_{}", self.number)));
        match self.form {
            Form::Closure => format!(
                "    let operand_{number} = {}_u64;\n    let closure_{number} = move |value: u64| -> u64 {{ {text} }};\n    \
                 let value = closure_{number}(value);\n",
                self.operand
            ),
            _ => format!("    let value = step_{number}(value);\n"),
        }
    }

    /// The items that it brings.
    pub(crate) fn items(&self) -> String {
        let Self { number, form, operation, operand } = self;
        let mut items = String::from("\n");
        let function = |body: &str| format!("fn step_{number}(value: u64) -> u64 {{\n{body}\n}}\n");
        let plain = format!("    {}", operation.text(&format!("{operand}_u64")));
        // Writing to a string does not fail.
        let _ = match form {
            Form::Closure => return String::new(),
            Form::Function => write!(items, "{}", function(&plain)),
            Form::Static => {
                let body = format!("    COUNT_{number}.fetch_add(1, Ordering::Relaxed);\n{plain}");
                write!(items, "static COUNT_{number}: AtomicU64 = AtomicU64::new(0);\n\n{}", function(&body))
            }
            Form::Lazy => {
                let body = format!("    {}", operation.text(&format!("LAZY_{number}[0]")));
                let new = format!("LazyLock::new(|| vec![{operand}, 0])");
                write!(items, "static LAZY_{number}: LazyLock<Vec<u64>> = {new};\n\n{}", function(&body))
            }
            Form::Boxed => {
                let new = format!("LazyLock::new(|| Box::new(|value: u64| -> u64 {{ {} }}))", plain.trim());
                let body = format!("    BOXED_{number}(value)");
                write!(items, "static BOXED_{number}: LazyLock<Hook> = {new};\n\n{}", function(&body))
            }
            Form::ThreadLocal => {
                let body = format!("    {}", operation.text(&format!("LOCAL_{number}.get()")));
                let new = format!("const {{ Cell::new({operand}) }}");
                let local = format!("thread_local! {{\n    static LOCAL_{number}: Cell<u64> = {new};\n}}");
                write!(items, "{local}\n\n{}", function(&body))
            }
            Form::Type => {
                let body = format!("    {}", operation.text("self.operand"));
                let change = format!("    fn change(&self, value: u64) -> u64 {{\n    {body}\n    }}");
                let object = format!(
                    "    let object: Box<dyn Change> = Box::new(Kind{number} {{ operand: {operand} }});\n    \
                     object.change(value)"
                );
                write!(
                    items,
                    "#[derive(Debug, Clone)]\nstruct Kind{number} {{\n    operand: u64,\n}}\n\n\
                     impl Change for Kind{number} {{\n{change}\n}}\n\n{}",
                    function(&object)
                )
            }
        };
        items
    }
}
