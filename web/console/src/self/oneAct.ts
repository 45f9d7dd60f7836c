import { clientFor, anyone, type Client } from "./client";

/** One factor: the password, or a code that the help desk read out. */
export interface Who {
  username: string;
  password?: string;
  code?: string;
}

/** Signs in for one report and nothing else, also on somebody else's phone: no cookie stays. */
export async function signInForLoss(body: Who): Promise<Client> {
  const { data, error } = await anyone.POST("/api/v1/auth/lost", { body });
  if (error) throw error;
  const token = data.access_token;
  return clientFor(() => Promise.resolve(token));
}
