/** The command line, as every Norrix server knows it. */
export const clientId = 'norrix-cli'
