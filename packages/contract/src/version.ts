/** The one version of command line, server and runner. A test holds it to the packages' own. */
export const version = '0.1.0'
