'use strict';

const AsteriskAmi = require('./lib/client');
const { AmiError, AbortError } = require('./lib/errors');
const { version } = require('./lib/native');

module.exports = AsteriskAmi;
Object.assign(module.exports, { AsteriskAmi, AmiError, AbortError, version });
// What makes the names visible to `import { AmiError } from ...`.
module.exports.default = AsteriskAmi;
