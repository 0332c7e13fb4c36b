// Evaluates conditions of a schema for the form library. It interprets the schema: the library's
// usual validator compiles it to code, which the content security policy refuses. Messages for
// people come from the plugin's `validate`.
import { Validator, type Schema } from "@cfworker/json-schema";
import type { RJSFSchema, ValidationData, ValidatorType } from "@rjsf/utils";

/** A test of values against one schema. A schema that cannot be evaluated accepts nothing. */
export function acceptedBy(schema: RJSFSchema | boolean): (value: unknown) => boolean {
  let validator: Validator | undefined;
  return (value) => {
    try {
      validator ??= new Validator(schema as Schema | boolean, "2020-12");
      // Fields that are `undefined` count as absent, and the validator knows JSON only.
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
