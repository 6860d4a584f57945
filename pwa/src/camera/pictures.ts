// What the phone does with a picture before it is sent.
import { measured, shrunkPicture } from "./work";

export { measured };

// Pages as small as reading allows, one at a time: phones have little memory for pictures.
export async function shrunk(pages: Blob[]): Promise<Blob[]> {
  const small: Blob[] = [];
  for (const page of pages) small.push(await shrunkPicture(page));
  return small;
}
