/** Which characters a text of somebody else's may not bring along. Pure. */

/** A line that reads as what it is: without control characters and without those that override the direction of writing. */
export const undisguised = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u

/** Every character that turns the direction of writing (Unicode UAX 9, section 2): marks, embeddings, overrides, isolates. */
export const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
