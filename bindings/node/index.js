'use strict';

const AsteriskAmi = require('./lib/client');
const { AmiError, AbortError } = require('./lib/errors');
const { version } = require('./lib/native');

module.exports = AsteriskAmi;
// One by one: so the names are found by `import { AmiError } from ...`.
module.exports.AsteriskAmi = AsteriskAmi;
module.exports.AmiError = AmiError;
module.exports.AbortError = AbortError;
module.exports.version = version;
module.exports.default = AsteriskAmi;
