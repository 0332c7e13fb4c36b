// Types of Vite's imports, such as a style sheet as a string.
/// <reference types="vite/client" />
