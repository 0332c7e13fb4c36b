//! The imports and exports of a component, read and checked before the component is compiled. Their
//! types are checked when it is linked.

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::TypesRef;
use wasmparser::{Encoding, Parser, Payload, ValidPayload, Validator};

use crate::runtime::imports;

/// The interface that a plugin exports.
pub(crate) const CREDENTIALS: &str = "integration:connector/credentials@0.1.0";

/// The functions of the interface.
pub(crate) const FUNCTIONS: [&str; 10] = [
    "vendors",
    "describe",
    "credential-schema",
    "validate",
    "origins",
    "authenticate",
    "refresh",
    "inspect",
    "authorize",
    "classify",
];

/// Why a component is not a connector plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The bytes are no valid component.
    NotAComponent,
    /// It imports this.
    Imports(String),
    /// It does not export this: the interface, or a function of it.
    Exports(String),
}

impl From<wasmparser::Error> for Mismatch {
    fn from(_: wasmparser::Error) -> Self {
        Self::NotAComponent
    }
}

/// Returns the names of the imports, all of which are available, if the component exports the
/// functions of the contract. The bodies of functions are not read.
pub(crate) fn check(bytes: &[u8]) -> Result<Vec<String>, Mismatch> {
    let mut validator = Validator::new();
    let mut parser = Parser::new(0);
    parser.set_features(*validator.features());
    let mut imports = Vec::new();
    let mut depth = 0_usize;
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        // First, so that names are well-formed below.
        if let ValidPayload::End(of_part) = validator.payload(&payload)? {
            // The last part to end is the component itself.
            types = Some(of_part);
        }
        match payload {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding != Encoding::Component {
                    return Err(Mismatch::NotAComponent);
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    let name = import?.name.name;
                    if !imports::is_available(name) {
                        return Err(Mismatch::Imports(name.to_owned()));
                    }
                    imports.push(name.to_owned());
                }
            }
            _ => {}
        }
    }
    let types = types.ok_or(Mismatch::NotAComponent)?;
    check_exports(types.as_ref())?;
    Ok(imports)
}

fn check_exports(types: TypesRef<'_>) -> Result<(), Mismatch> {
    let credentials = types.component_item_for_export(CREDENTIALS);
    let Some(ComponentEntityType::Instance(credentials)) = credentials.map(|item| item.ty) else {
        return Err(Mismatch::Exports(CREDENTIALS.to_owned()));
    };
    let exports = types.get(credentials).map(|instance| &instance.exports);
    for function in FUNCTIONS {
        let item = exports.and_then(|exports| exports.get(function));
        if !item.is_some_and(|item| matches!(item.ty, ComponentEntityType::Func(_))) {
            return Err(Mismatch::Exports(format!("{CREDENTIALS}#{function}")));
        }
    }
    Ok(())
}
