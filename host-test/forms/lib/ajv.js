// Ajv in its strictest mode, for JSON Schema 2020-12.

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** A new validator that treats warnings as errors. */
export function strictAjv() {
  const fail = (...message) => {
    throw new Error(message.join(' '));
  };
  const logger = { log: fail, warn: fail, error: fail };
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: true,
    strictTuples: true,
    strictRequired: true,
    allErrors: true,
    logger,
  });
  return addFormats.default ? addFormats.default(ajv) : addFormats(ajv);
}
