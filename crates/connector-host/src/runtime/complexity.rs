//! Refuses a component that would take too long or too much memory to compile, by reading it once.
//! The limits are those of a [`Profile`](crate::Profile); the compiler checks the rest.

use wasmparser::{
    BlockType, ComponentDefinedType, ComponentType, ComponentTypeDeclaration, CompositeInnerType,
    Encoding, FunctionBody, InstanceTypeDeclaration, Operator, Parser, Payload, RecGroup, TypeRef,
};

use crate::limits::CompileLimits;

/// The work for a function besides its code. Units are about what an instruction takes to compile.
const FUNCTION_WORK: u64 = 1_000;
/// The work for a value that a call passes or returns in a register.
const VALUE_WORK: u64 = 4;
/// The values of a call that are in registers.
const REGISTERS: u64 = 16;
/// The work for a value that a call passes or returns in memory: up to 15 µs were measured in a
/// debug build, where an instruction took 0.2.
const MEMORY_VALUE_WORK: u64 = 64;
/// The work for a value that a block takes or yields.
const BLOCK_VALUE_WORK: u64 = 16;

/// Why a component is not compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It cannot be read.
    Malformed,
    /// It exceeds a limit, which is named as in "the component has … than …".
    Exceeds(&'static str),
}

impl From<wasmparser::Error> for Refused {
    fn from(_: wasmparser::Error) -> Self {
        Self::Malformed
    }
}

/// Whether these bytes may begin a type within another type: a declaration of a type (1) that is a
/// component type (0x41) or an instance type (0x42). Counts too much rather than too little.
fn is_nested(pair: &[u8]) -> bool {
    matches!(pair, [0x01, 0x41 | 0x42])
}

/// Checks a component against the limits.
pub(crate) fn check(bytes: &[u8], limits: &CompileLimits) -> Result<(), Refused> {
    within(bytes.len(), limits.component_bytes, "more bytes")?;
    let mut total = Total::default();
    // The component, and the components and modules within it that are being read.
    let mut open: Vec<Module> = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::Version { encoding, .. } = payload {
            within(open.len(), limits.nested_parts, "deeper nested parts")?;
            total.parts += 1;
            within(total.parts, limits.parts, "more parts")?;
            open.push(Module::new(encoding));
            continue;
        }
        if let Payload::End(_) = payload {
            open.pop();
            continue;
        }
        let Some(module) = open.last_mut() else {
            return Err(Refused::Malformed);
        };
        total.add(bytes, payload, module, limits)?;
    }
    let Total {
        functions, work, ..
    } = total;
    tracing::debug!(functions, work, "the component is within its limits");
    Ok(())
}

fn within<N: PartialOrd + Copy>(number: N, limit: N, what: &'static str) -> Result<(), Refused> {
    if number > limit {
        return Err(Refused::Exceeds(what));
    }
    Ok(())
}

/// The sums over the whole component.
#[derive(Default)]
struct Total {
    parts: usize,
    types: u64,
    functions: u64,
    work: u64,
}

/// The types and functions of a module that is being read. Empty for a component.
struct Module {
    is_component: bool,
    /// For each type, the number of its parameters and of its results; none if it is no function.
    types: Vec<Arity>,
    /// For each function, the index of its type.
    functions: Vec<u32>,
    /// The index of the function whose body comes next.
    next_body: usize,
}

#[derive(Clone, Copy, Default)]
struct Arity {
    params: u64,
    results: u64,
}

impl Arity {
    fn sum(self) -> u64 {
        self.params + self.results
    }

    /// The work for a call.
    fn call_work(self) -> u64 {
        let in_memory = self.sum().saturating_sub(REGISTERS);
        1 + VALUE_WORK * self.sum() + MEMORY_VALUE_WORK * in_memory
    }
}

impl Module {
    fn new(encoding: Encoding) -> Self {
        Self {
            is_component: encoding == Encoding::Component,
            types: Vec::new(),
            functions: Vec::new(),
            next_body: 0,
        }
    }

    fn add_types(&mut self, group: &RecGroup) {
        self.types.extend(group.types().map(|ty| {
            let CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
                return Arity::default();
            };
            Arity {
                params: ty.params().len() as u64,
                results: ty.results().len() as u64,
            }
        }));
    }

    /// An index beyond the end is left to the validator.
    fn of_type(&self, index: u32) -> Arity {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        self.types.get(index).copied().unwrap_or_default()
    }

    fn of_function(&self, index: usize) -> Arity {
        let ty = self.functions.get(index);
        ty.map(|ty| self.of_type(*ty)).unwrap_or_default()
    }

    fn called(&self, index: u32) -> Arity {
        self.of_function(usize::try_from(index).unwrap_or(usize::MAX))
    }

    fn block_work(&self, block: BlockType) -> u64 {
        match block {
            BlockType::Empty => 0,
            BlockType::Type(_) => BLOCK_VALUE_WORK,
            BlockType::FuncType(index) => BLOCK_VALUE_WORK * self.of_type(index).sum(),
        }
    }
}

impl Total {
    fn add(
        &mut self,
        bytes: &[u8],
        payload: Payload<'_>,
        module: &mut Module,
        limits: &CompileLimits,
    ) -> Result<(), Refused> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    module.add_types(&group?);
                    within(module.types.len() as u64, limits.types, "more types")?;
                }
            }
            Payload::ImportSection(imports) if !module.is_component => {
                for import in imports.into_imports() {
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import?.ty {
                        module.functions.push(ty);
                    }
                }
                module.next_body = module.functions.len();
                self.add_functions(module.next_body, limits)?;
            }
            Payload::FunctionSection(functions) => {
                let before = module.functions.len();
                self.add_functions(functions.count() as usize, limits)?;
                for ty in functions {
                    module.functions.push(ty?);
                }
                module.next_body = before;
            }
            Payload::CodeSectionEntry(body) => {
                let function = module.of_function(module.next_body);
                module.next_body += 1;
                let work = work(&body, function, module, limits)?;
                self.work = self.work.saturating_add(work);
                within(self.work, limits.work, "more code across locals")?;
            }
            Payload::ComponentTypeSection(types) => {
                // The readers of types, here and in the compiler, recurse without a limit.
                let section = bytes.get(types.range()).unwrap_or_default();
                let nested = section.windows(2).filter(|pair| is_nested(pair)).count();
                within(nested, limits.nested_types, "deeper nested types")?;
                for ty in types {
                    self.types = self.types.saturating_add(size(&ty?));
                    within(self.types, limits.types, "more types")?;
                }
            }
            Payload::CoreTypeSection(types) => {
                self.types = self.types.saturating_add(u64::from(types.count()));
                within(self.types, limits.types, "more types")?;
            }
            Payload::ComponentCanonicalSection(functions) => {
                self.add_functions(functions.count() as usize, limits)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn add_functions(&mut self, more: usize, limits: &CompileLimits) -> Result<(), Refused> {
        self.functions = self.functions.saturating_add(more as u64);
        within(self.functions, limits.functions, "more functions")
    }
}

/// An estimate of the compiler's work for a function. At each branch the compiler may have to merge
/// each local, and at each call it passes each argument.
fn work(
    body: &FunctionBody<'_>,
    function: Arity,
    module: &Module,
    limits: &CompileLimits,
) -> Result<u64, Refused> {
    within(
        body.range().len(),
        limits.function_bytes,
        "larger functions",
    )?;
    let mut locals = function.params;
    for declared in body.get_locals_reader()? {
        let (number, _) = declared?;
        locals = locals.saturating_add(u64::from(number));
    }
    within(locals, limits.locals, "more locals in a function")?;
    let branch = 1 + locals + function.results;
    let (mut work, mut depth) = (FUNCTION_WORK + function.call_work(), 0usize);
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let more = match operators.read()? {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                depth += 1;
                branch + module.block_work(blockty)
            }
            Operator::TryTable { try_table } => {
                depth += 1;
                branch * (1 + try_table.catches.len() as u64) + module.block_work(try_table.ty)
            }
            Operator::End => {
                depth = depth.saturating_sub(1);
                branch
            }
            Operator::BrTable { targets } => branch.saturating_mul(1 + u64::from(targets.len())),
            Operator::Else
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::Return => branch,
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                module.called(function_index).call_work()
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => module.of_type(type_index).call_work(),
            _ => 1,
        };
        within(depth, limits.nested_blocks, "deeper nested blocks")?;
        work = work.saturating_add(more);
        within(work, limits.function_work, "more branches across locals")?;
    }
    Ok(work)
}

/// The number of fields, cases and declarations of a type, those within it included.
fn size(ty: &ComponentType<'_>) -> u64 {
    let parts = match ty {
        ComponentType::Defined(ty) => match ty {
            ComponentDefinedType::Record(fields) => fields.len(),
            ComponentDefinedType::Variant(cases) => cases.len(),
            ComponentDefinedType::Tuple(fields) => fields.len(),
            ComponentDefinedType::Flags(names) | ComponentDefinedType::Enum(names) => names.len(),
            ComponentDefinedType::FixedLengthList(_, length) => *length as usize,
            _ => 1,
        },
        ComponentType::Func(function) => function.params.len() + 1,
        ComponentType::Resource { .. } => 1,
        ComponentType::Component(declarations) => {
            let inner = declarations.iter().map(|declaration| match declaration {
                ComponentTypeDeclaration::Type(ty) => size(ty),
                _ => 1,
            });
            return inner.fold(1, u64::saturating_add);
        }
        ComponentType::Instance(declarations) => {
            let inner = declarations.iter().map(|declaration| match declaration {
                InstanceTypeDeclaration::Type(ty) => size(ty),
                _ => 1,
            });
            return inner.fold(1, u64::saturating_add);
        }
    };
    1 + parts as u64
}
