/* json-check.c: is a text JSON, by the letter of RFC 8259? json-glib takes more than that, and loses memory where it stumbles */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/json-private.h"

#include <string.h>

#include "base/error.h"

#define DEEPEST 64 /* nesting: this and json-glib read by recursion */

typedef struct
{
  const char *path; /* for messages */
  const char *text;
  gsize n, at;
  int depth;
} Check;

static gboolean check_value (Check *check, GError **error);

static char
next (const Check *check)
{
  return check->at < check->n ? check->text[check->at] : '\0';
}

static gboolean
refuse (const Check *check, const char *expected, GError **error)
{
  g_autofree char *found = NULL;

  if (check->at >= check->n)
    found = g_strdup ("the end");
  else if (g_ascii_isgraph (check->text[check->at]))
    found = g_strdup_printf ("'%c'", check->text[check->at]);
  else
    found = g_strdup_printf ("0x%02x", (guchar) check->text[check->at]);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: byte %" G_GSIZE_FORMAT ": found %s, which is not JSON here: expected %s",
               check->path, check->at, found, expected);
  return FALSE;
}

static void
skip_blanks (Check *check)
{
  while (check->at < check->n && strchr (" \t\r\n", check->text[check->at]) != NULL && check->text[check->at] != '\0')
    check->at++;
}

static gboolean
take (Check *check, char wanted, const char *expected, GError **error)
{
  if (next (check) != wanted)
    return refuse (check, expected, error);
  check->at++;
  return TRUE;
}

/* Four hexadecimal digits after \u. */
static gboolean
check_code (Check *check, guint *code, GError **error)
{
  *code = 0;
  for (guint i = 0; i < 4; i++, check->at++)
    {
      if (!g_ascii_isxdigit (next (check)))
        return refuse (check, "four hexadecimal digits", error);
      *code = *code * 16 + (guint) g_ascii_xdigit_value (next (check));
    }
  return TRUE;
}

/* What follows a backslash. Half a pair of UTF-16 is no character, and 0 would end the string for all who read it. */
static gboolean
check_escape (Check *check, GError **error)
{
  guint code = 0, low = 0;

  if (next (check) != 'u')
    {
      if (check->at >= check->n || next (check) == '\0' || strchr ("\"\\/bfnrt", next (check)) == NULL)
        return refuse (check, "one of \"\\/bfnrtu", error);
      check->at++;
      return TRUE;
    }
  check->at++;
  if (!check_code (check, &code, error))
    return FALSE;
  if (code == 0 || (code >= 0xdc00 && code < 0xe000))
    {
      check->at -= 4;
      return refuse (check, "the code of a character", error);
    }
  if (code < 0xd800 || code >= 0xe000)
    return TRUE;
  if (!take (check, '\\', "\\u and the second half of a pair", error) || !take (check, 'u', "\\u and the second half of a pair", error)
      || !check_code (check, &low, error))
    return FALSE;
  if (low >= 0xdc00 && low < 0xe000)
    return TRUE;
  check->at -= 4;
  return refuse (check, "the second half of a pair", error);
}

static gboolean
check_string (Check *check, GError **error)
{
  if (!take (check, '"', "a string", error))
    return FALSE;
  while (next (check) != '"')
    {
      if (check->at >= check->n || (guchar) next (check) < 0x20)
        return refuse (check, "the end of the string, or a character that is no control code", error);
      if (check->text[check->at++] == '\\' && !check_escape (check, error))
        return FALSE;
    }
  check->at++;
  return TRUE;
}

static gboolean
check_digits (Check *check, GError **error)
{
  if (!g_ascii_isdigit (next (check)))
    return refuse (check, "a digit", error);
  while (g_ascii_isdigit (next (check)))
    check->at++;
  return TRUE;
}

static gboolean
check_number (Check *check, GError **error)
{
  check->at += next (check) == '-';
  if (next (check) == '0')
    check->at++;
  else if (!check_digits (check, error))
    return FALSE;
  if (next (check) == '.')
    {
      check->at++;
      if (!check_digits (check, error))
        return FALSE;
    }
  if (next (check) != 'e' && next (check) != 'E')
    return TRUE;
  check->at++;
  check->at += next (check) == '+' || next (check) == '-';
  return check_digits (check, error);
}

/* The members or elements up to the bracket that closes. */
static gboolean
check_list (Check *check, char close, GError **error)
{
  check->at++;
  skip_blanks (check);
  if (next (check) == close)
    {
      check->at++;
      return TRUE;
    }
  for (;;)
    {
      skip_blanks (check);
      if (close == '}')
        {
          if (!check_string (check, error))
            return FALSE;
          skip_blanks (check);
          if (!take (check, ':', "':'", error))
            return FALSE;
        }
      if (!check_value (check, error))
        return FALSE;
      skip_blanks (check);
      if (next (check) != ',')
        return take (check, close, close == '}' ? "',' or '}'" : "',' or ']'", error);
      check->at++;
    }
}

static gboolean
check_word (Check *check, GError **error)
{
  const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      const gsize n = strlen (words[i]);

      if (check->n - check->at < n || memcmp (check->text + check->at, words[i], n) != 0)
        continue;
      check->at += n;
      return TRUE;
    }
  return refuse (check, "a value", error);
}

static gboolean
check_value (Check *check, GError **error)
{
  gboolean good;

  skip_blanks (check);
  if (next (check) == '"')
    return check_string (check, error);
  if (next (check) == '-' || g_ascii_isdigit (next (check)))
    return check_number (check, error);
  if (next (check) != '{' && next (check) != '[')
    return check_word (check, error);
  if (check->depth == DEEPEST)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: byte %" G_GSIZE_FORMAT ": nested deeper than %d", check->path, check->at,
                   DEEPEST);
      return FALSE;
    }
  check->depth++;
  good = check_list (check, next (check) == '{' ? '}' : ']', error);
  check->depth--;
  return good;
}

/**
 * esp_json_check:
 * @path: for messages
 * @text: @n bytes
 * @n: how many
 * @error: ESP_ERROR_FORMAT with the byte where it is not JSON, ESP_ERROR_LIMIT where it is nested deeper than 64
 *
 * Stricter than json-glib, which reads comments, hexadecimal numbers and several roots, and leaks in front of what it refuses. Beyond the
 * RFC, the character 0 and halves of a pair are refused, so that every string is one of GLib's and valid UTF-8. Thread: any.
 */
gboolean
esp_json_check (const char *path, const char *text, gsize n, GError **error)
{
  Check check = { .path = path, .text = text, .n = n };
  const char *bad = NULL;

  if (!g_utf8_validate_len (text, n, &bad))
    {
      check.at = (gsize) (bad - text);
      return refuse (&check, "text in UTF-8", error);
    }
  if (!check_value (&check, error))
    return FALSE;
  skip_blanks (&check);
  return check.at == n || refuse (&check, "nothing after the value", error);
}
