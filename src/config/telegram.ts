/** The Telegram settings, which are variables only: a token does not belong on a command line. */
import type { TelegramSettings } from "../notify/telegram.ts";
import { UsageError } from "./error.ts";

/** A numeric chat id, negative for groups, or a channel's `@name`. */
const CHAT = /^(-?\d{1,20}|@\w{4,32})$/;

function checkSettings({ token, chats, apiUrl }: TelegramSettings): void {
  const strange = chats.find((chat) => !CHAT.test(chat));
  if (strange !== undefined)
    throw new UsageError(
      `Cannot use TELEGRAM_NOTIFY_ID ${strange}: expected chat ids such as 123456789, separated by commas`,
    );
  if (!/^[\w:-]+$/.test(token))
    throw new UsageError(
      "Cannot use TELEGRAM_NOTIFY_ID: TELEGRAM_BOT_TOKEN must hold the bot's token, as @BotFather gives it",
    );
  if (!/^https?:\/\//.test(apiUrl) || !URL.canParse(apiUrl))
    throw new UsageError("Cannot use TELEGRAM_API_URL: expected an http or https address");
}

/**
 * Reads the three variables; without a chat nothing is checked, and nothing will be sent. @throws UsageError, never
 * with the token.
 */
export function readTelegram(environment: NodeJS.ProcessEnv): TelegramSettings {
  const { TELEGRAM_NOTIFY_ID: listed = "", TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_URL: url } = environment;
  const chats = listed
    .split(",")
    .map((chat) => chat.trim())
    .filter((chat) => chat !== "");
  const apiUrl = (url || "https://api.telegram.org").replace(/\/+$/, "");
  if (chats.length === 0) return { token: "", chats, apiUrl };
  const settings = { token, chats, apiUrl };
  checkSettings(settings);
  return settings;
}
