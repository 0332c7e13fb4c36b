// The fields of the vendor's schema, with the choices and problems at each.
import Form from "@rjsf/core/lib/components/Form.js";
import type { ErrorSchema } from "@rjsf/utils";

import type { Fields } from "./client";
import type { Drawing } from "./drawing";
import { ID_PREFIX } from "./schema";
import { TEMPLATES } from "./templates";
import { validator } from "./validator";
import { FIELDS, WIDGETS } from "./widgets";

interface Props {
  drawing: Drawing;
  data: Fields;
  errors: ErrorSchema;
  onChange: (data: Fields) => void;
}

export function VendorFields({ drawing, data, errors, onChange }: Props) {
  return (
    <Form
      tagName="div"
      className="fields"
      idPrefix={ID_PREFIX}
      schema={drawing.schema}
      uiSchema={drawing.ui}
      formData={data}
      validator={validator}
      fields={FIELDS}
      widgets={WIDGETS}
      templates={TEMPLATES}
      extraErrors={errors}
      noValidate
      noHtml5Validate
      showErrorList={false}
      onChange={({ formData }) => onChange((formData ?? {}) as Fields)}
    >
      <></>
    </Form>
  );
}
