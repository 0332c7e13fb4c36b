// Evaluates the conditions of a schema for the form library. It interprets the schema, since the
// content security policy blocks the library's usual validator, which compiles schemas to code.
// Users see messages from the plugin's `validate` instead.
import { Validator, type Schema } from "@cfworker/json-schema";
import type { RJSFSchema, ValidationData, ValidatorType } from "@rjsf/utils";

/** Validates values against one schema. An invalid schema accepts nothing. */
export function acceptedBy(schema: RJSFSchema | boolean): (value: unknown) => boolean {
  let validator: Validator | undefined;
  return (value) => {
    try {
      validator ??= new Validator(schema as Schema | boolean, "2020-12");
      // Removes `undefined` fields: they count as absent, and the validator only takes JSON.
      const json: unknown = value === undefined ? null : JSON.parse(JSON.stringify(value));
      return validator.validate(json).valid;
    } catch {
      return false;
    }
  };
}

const NO_PROBLEMS: ValidationData<unknown> = { errors: [], errorSchema: {} };

export const validator: ValidatorType = {
  isValid: (schema, data) => acceptedBy(schema)(data),
  validateFormData: () => NO_PROBLEMS,
  rawValidation: () => ({ errors: [] }),
};

export default validator;
