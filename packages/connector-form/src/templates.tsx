// The templates of the vendor's fields. A field's widget shows its label, description and problems.
// The theme's own templates of objects and titles insert style elements, which a content security
// policy may block.
import { Text } from "@mantine/core";
import ArrayFieldItemTemplate from "@rjsf/mantine/lib/templates/ArrayFieldItemTemplate.js";
import ArrayFieldTemplate from "@rjsf/mantine/lib/templates/ArrayFieldTemplate.js";
import buttonTemplates from "@rjsf/mantine/lib/templates/ButtonTemplates/index.js";
import {
  descriptionId,
  titleId,
  type ArrayFieldTitleProps,
  type DescriptionFieldProps,
  type FieldTemplateProps,
  type ObjectFieldTemplateProps,
} from "@rjsf/utils";

function Field({ hidden, classNames, children }: FieldTemplateProps) {
  return (
    <div className={classNames} hidden={hidden ?? false}>
      {children}
    </div>
  );
}

function Description({ id, description }: DescriptionFieldProps) {
  return description ? (
    <Text id={id} className="description">
      {description}
    </Text>
  ) : null;
}

/** The whole form: a credential schema has all fields at its top level. */
function ObjectField({ title, description, fieldPathId, properties }: ObjectFieldTemplateProps) {
  return (
    <section id={fieldPathId.$id} aria-labelledby={title && titleId(fieldPathId)}>
      {title && (
        <h3 id={titleId(fieldPathId)} className="title">
          {title}
        </h3>
      )}
      {description && (
        <Text id={descriptionId(fieldPathId)} className="description">
          {description}
        </Text>
      )}
      <div className="properties">
        {properties
          .filter(({ hidden }) => !hidden)
          .map(({ name, content }) => (
            <div key={name}>{content}</div>
          ))}
      </div>
    </section>
  );
}

function ArrayTitle({ title }: ArrayFieldTitleProps) {
  return <>{title}</>;
}

const None = () => null;

export const TEMPLATES = {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  ArrayFieldTitleTemplate: ArrayTitle,
  ButtonTemplates: buttonTemplates(),
  DescriptionFieldTemplate: Description,
  FieldErrorTemplate: None,
  FieldHelpTemplate: None,
  FieldTemplate: Field,
  ObjectFieldTemplate: ObjectField,
};
