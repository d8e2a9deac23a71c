/** A four-pointed north star, as the path of a 24 by 24 drawing. */
export const star =
  'M12 0c.9 7.3 3.8 11.1 12 12-8.2.9-11.1 4.7-12 12-.9-7.3-3.8-11.1-12-12C8.2 11.1 11.1 7.3 12 0Z'

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#0b6e5f" d="${star}"/></svg>`
