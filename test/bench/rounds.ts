/** One row of a table while it is measured. */
export interface Contender<Sample> {
  readonly name: string
  measure(): Promise<Sample>
}

/**
 * Measures all rows in turn, again and again (floor, ours, floor, ours …), so that whatever else the machine does falls on all
 * of them alike.
 *
 * @returns each row's samples, in the rows' order
 */
export async function inRounds<Sample>(
  rounds: number,
  contenders: readonly Contender<Sample>[],
): Promise<Sample[][]> {
  const samples: Sample[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      samples[index]?.push(await contender.measure())
    }
  }
  return samples
}
