// Stands in for the Markdown renderer of the form library: the descriptions of a plugin are plain
// text. The renderer would be a tenth of the package.
export function Markdown({ children }: { children: string }) {
  return children;
}
