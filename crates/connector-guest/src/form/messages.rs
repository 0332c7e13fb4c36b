//! The sentences of the issues that this crate reports, in English and French. `%` stands for a
//! value of the form's own, never for a typed one.

use crate::Text;

pub(super) const TOO_LONG_DOCUMENT: Text = Text::new(
    "the document is too long: at most % bytes",
    &[("fr", "le document est trop long : % octets au plus")],
);
pub(super) const NOT_AN_OBJECT: Text = Text::new(
    "the credential document must be a JSON object",
    &[("fr", "le document doit être un objet JSON")],
);
pub(super) const NOT_JSON: Text = Text::new(
    "this is not JSON: see line %, column %",
    &[("fr", "ceci n’est pas du JSON : voir ligne %, colonne %")],
);
pub(super) const REQUIRED: Text = Text::new(
    "this field is required",
    &[("fr", "ce champ est obligatoire")],
);
pub(super) const NOT_A_STRING: Text = Text::new(
    "this field must be a string",
    &[("fr", "ce champ doit être une chaîne de caractères")],
);
pub(super) const NOT_A_LIST: Text = Text::new(
    "this field must be a list",
    &[("fr", "ce champ doit être une liste")],
);
pub(super) const NOT_A_BOOLEAN: Text = Text::new(
    "this field must be true or false",
    &[("fr", "ce champ doit être vrai ou faux")],
);
pub(super) const TOO_LONG: Text = Text::new(
    "this is too long: at most % characters",
    &[("fr", "c’est trop long : % caractères au plus")],
);
pub(super) const BLANK: Text = Text::new(
    "this field must not be blank",
    &[("fr", "ce champ ne doit pas être vide")],
);
pub(super) const CONTROL_CHARACTER: Text = Text::new(
    "this contains a line break or another control character; remove it",
    &[(
        "fr",
        "il y a ici un saut de ligne ou un autre caractère de contrôle ; supprimez-le",
    )],
);
pub(super) const INVISIBLE_CHARACTER: Text = Text::new(
    "this contains an invisible character or an unusual space; type it again or copy it elsewhere",
    &[(
        "fr",
        "il y a ici un caractère invisible ou une espace inhabituelle ; ressaisissez la valeur ou \
         copiez-la d’ailleurs",
    )],
);
pub(super) const NOT_A_TOKEN: Text = Text::new(
    "this must be letters, digits and punctuation of ASCII, without spaces; copy it again",
    &[(
        "fr",
        "ce champ ne peut contenir que des lettres, chiffres et signes ASCII, sans espaces ; \
         recopiez-le",
    )],
);
pub(super) const NOT_A_UUID: Text = Text::new(
    "this must be a UUID such as 123e4567-e89b-12d3-a456-426614174000",
    &[(
        "fr",
        "ce champ doit être un UUID comme 123e4567-e89b-12d3-a456-426614174000",
    )],
);
pub(super) const NOT_A_CHOICE: Text =
    Text::new("this must be one of %", &[("fr", "ce champ doit valoir %")]);
pub(super) const TOO_FEW: Text = Text::new(
    "choose at least one",
    &[("fr", "choisissez au moins une valeur")],
);
pub(super) const DUPLICATE: Text = Text::new(
    "the same choice is there twice",
    &[("fr", "le même choix est là deux fois")],
);
pub(super) const NOT_A_WHOLE_NUMBER: Text = Text::new(
    "this must be a whole number from % to %",
    &[("fr", "ce champ doit être un nombre entier de % à %")],
);
pub(super) const NOT_A_NUMBER: Text = Text::new(
    "this must be a number from % to %",
    &[("fr", "ce champ doit être un nombre de % à %")],
);
pub(super) const NOT_A_URL: Text = Text::new(
    "this must be a URL such as https://example.com, without user name, query and fragment",
    &[(
        "fr",
        "ce champ doit être une URL comme https://example.com, sans nom d’utilisateur, requête ni \
         fragment",
    )],
);
pub(super) const NOT_A_LABEL: Text = Text::new(
    "this must be one part of a host name: letters, digits and inner hyphens, at most 63",
    &[(
        "fr",
        "ce champ doit être une partie d’un nom d’hôte : lettres, chiffres et traits d’union \
         intérieurs, 63 au plus",
    )],
);
pub(super) const NOT_A_HOST: Text = Text::new(
    "this must be a host name without https:// and path, at or below %",
    &[(
        "fr",
        "ce champ doit être un nom d’hôte sans https:// ni chemin, égal ou subordonné à %",
    )],
);
pub(super) const NOT_A_SEGMENT: Text = Text::new(
    "this must be letters, digits and - . _ ~ without spaces; copy it again",
    &[(
        "fr",
        "ce champ ne peut contenir que des lettres, des chiffres et - . _ ~, sans espaces ; \
         recopiez-le",
    )],
);
pub(super) const UNKNOWN_FIELDS: Text = Text::new(
    "the document has fields that this form does not have: it accepts only %",
    &[(
        "fr",
        "le document a des champs que ce formulaire n’a pas : il n’accepte que %",
    )],
);
pub(super) const NOTHING: Text = Text::new("nothing", &[("fr", "rien")]);
pub(super) const AND: Text = Text::new(" and ", &[("fr", " et ")]);
pub(super) const OR: Text = Text::new(" or ", &[("fr", " ou ")]);
