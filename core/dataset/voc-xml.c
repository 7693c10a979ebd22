/* voc-xml.c: the annotation of one picture as Pascal VOC writes it */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/voc-xml.h"

#include <string.h>

#include "base/error.h"
#include "dataset/lines.h"

#define MOST_DEEP 64
#define MOST_SIDE 1000000

/* The elements whose text is taken; all others are passed over, <part> and its boxes among them. */
typedef enum
{
  FILENAME,
  WIDTH,
  HEIGHT,
  NAME,
  DIFFICULT,
  XMIN,
  YMIN,
  XMAX,
  YMAX,
  N_SLOTS,
} Slot;

static const char *const slot_paths[N_SLOTS] = {
  "/annotation/filename",           "/annotation/size/width",         "/annotation/size/height",
  "/annotation/object/name",        "/annotation/object/difficult",   "/annotation/object/bndbox/xmin",
  "/annotation/object/bndbox/ymin", "/annotation/object/bndbox/xmax", "/annotation/object/bndbox/ymax",
};

typedef struct
{
  EspVocPicture *picture;
  const char *path; /* of the file */
  GString *at;      /* the open elements, each after a slash */
  guint depth;
  gboolean rooted;
  int slot;          /* whose text is being taken; -1 */
  GString *text;     /* of it */
  guint given;       /* bits of the slots met; those of an object begin anew with it */
  EspVocObject open; /* the object being read */
} Reading;

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (const Reading *reading, int line, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%d: %s", reading->path, line, what);
  return FALSE;
}

static int
line_of (GMarkupParseContext *context)
{
  int line = 0;

  g_markup_parse_context_get_position (context, &line, NULL);
  return line;
}

static const char *
slot_name (int slot)
{
  return strrchr (slot_paths[slot], '/') + 1;
}

static gboolean
open_slot (Reading *reading, int slot, int line, GError **error)
{
  if (reading->given & (1u << slot))
    return refuse (reading, line, error, "<%s> is there twice", slot_name (slot));
  reading->given |= 1u << slot;
  reading->slot = slot;
  g_string_truncate (reading->text, 0);
  return TRUE;
}

static gboolean
open_element (Reading *reading, const char *name, int line, GError **error)
{
  g_autofree char *found = esp_quote (name);

  if (reading->depth == 0 && reading->rooted)
    return refuse (reading, line, error, "<%s>: expected the end after </annotation>", found);
  if (reading->depth == 0 && strcmp (name, "annotation") != 0)
    return refuse (reading, line, error, "<%s>: expected <annotation>, as Pascal VOC has it", found);
  if (reading->depth == MOST_DEEP)
    return refuse (reading, line, error, "<%s>: nested deeper than %d", found, MOST_DEEP);
  reading->rooted = TRUE;
  reading->depth++;
  g_string_append_c (reading->at, '/');
  g_string_append (reading->at, name);
  if (strcmp (reading->at->str, "/annotation/object") == 0)
    {
      reading->open = (EspVocObject){ .line = line };
      reading->given &= (1u << NAME) - 1;
    }
  for (int slot = 0; slot < N_SLOTS; slot++)
    if (strcmp (reading->at->str, slot_paths[slot]) == 0)
      return open_slot (reading, slot, line, error);
  return TRUE;
}

static gboolean
take_side (Reading *reading, int line, int *side, GError **error)
{
  g_autofree char *found = esp_quote (reading->text->str);
  double value = 0;

  if (!esp_number_read (reading->text->str, &value) || value != (int) CLAMP (value, 0, MOST_SIDE))
    return refuse (reading, line, error, "<%s>%s: expected a whole number from 0 to %d", slot_name (reading->slot), found, MOST_SIDE);
  *side = (int) value;
  return TRUE;
}

static gboolean
take_edge (Reading *reading, int line, double *edge, GError **error)
{
  g_autofree char *found = esp_quote (reading->text->str);

  if (!esp_number_read (reading->text->str, edge) || *edge != CLAMP (*edge, -2.0 * MOST_SIDE, 2.0 * MOST_SIDE))
    return refuse (reading, line, error, "<%s>%s: expected a number of pixels", slot_name (reading->slot), found);
  return TRUE;
}

static gboolean
take_text (Reading *reading, int line, GError **error)
{
  double *const edges[] = { &reading->open.xmin, &reading->open.ymin, &reading->open.xmax, &reading->open.ymax };
  char *text = g_strstrip (reading->text->str);
  g_autofree char *found = esp_quote (text);

  switch (reading->slot)
    {
    case FILENAME:
      reading->picture->filename = g_strdup (text);
      return TRUE;
    case WIDTH:
      return take_side (reading, line, &reading->picture->width, error);
    case HEIGHT:
      return take_side (reading, line, &reading->picture->height, error);
    case NAME:
      if (*text == '\0')
        return refuse (reading, line, error, "<name> is empty: expected the name of a class");
      reading->open.name = g_strdup (text);
      return TRUE;
    case DIFFICULT:
      if (strcmp (text, "0") != 0 && strcmp (text, "1") != 0)
        return refuse (reading, line, error, "<difficult>%s: expected 0 or 1", found);
      reading->open.difficult = *text == '1';
      return TRUE;
    default:
      return take_edge (reading, line, edges[reading->slot - XMIN], error);
    }
}

static gboolean
close_object (Reading *reading, GError **error)
{
  const int needed[] = { NAME, XMIN, YMIN, XMAX, YMAX };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!(reading->given & (1u << needed[i])))
      return refuse (reading, reading->open.line, error, "an object without <%s>", slot_name (needed[i]));
  g_array_append_val (reading->picture->objects, reading->open);
  reading->open = (EspVocObject){ 0 };
  return TRUE;
}

static void
on_start (GMarkupParseContext *context, const char *name, const char **keys, const char **values, gpointer data, GError **error)
{
  open_element (data, name, line_of (context), error);
}

static void
on_end (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  Reading *reading = data;
  const gboolean is_slot = reading->slot >= 0 && strcmp (reading->at->str, slot_paths[reading->slot]) == 0;

  if (is_slot && !take_text (reading, line_of (context), error))
    return;
  if (is_slot)
    reading->slot = -1;
  if (strcmp (reading->at->str, "/annotation/object") == 0 && !close_object (reading, error))
    return;
  g_string_truncate (reading->at, reading->at->len - strlen (name) - 1);
  reading->depth--;
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize n, gpointer data, GError **error)
{
  Reading *reading = data;

  if (reading->slot >= 0 && strcmp (reading->at->str, slot_paths[reading->slot]) == 0)
    g_string_append_len (reading->text, text, (gssize) n);
}

static gboolean
parse (Reading *reading, const char *text, gsize n, GError **error)
{
  const GMarkupParser parser = { .start_element = on_start, .end_element = on_end, .text = on_text };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, reading, NULL);
  g_autoptr (GError) local = NULL;

  if (g_markup_parse_context_parse (context, text, (gssize) n, &local) && g_markup_parse_context_end_parse (context, &local))
    return TRUE;
  if (local->domain == ESP_ERROR)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    refuse (reading, line_of (context), error, "not XML: %s", local->message);
  return FALSE;
}

static void
clear_object (gpointer data)
{
  g_free (((EspVocObject *) data)->name);
}

/**
 * esp_voc_parse:
 * @picture: (out caller-allocates): cleared by esp_voc_picture_clear(), after a failure too
 * @path: for messages
 * @text: @n bytes of XML in UTF-8, with a byte order mark or without
 * @n: how many
 * @error: ESP_ERROR_FORMAT with file and line
 *
 * Reads filename, size, and each object's name, difficult and bndbox; an element of these met twice is refused, all others (pose,
 * truncated, part, segmented, …) are passed over. Thread: any. Source: the VOC 2012 development kit's PASreadrecord, and labelImg, which
 * leaves size out at times.
 */
gboolean
esp_voc_parse (EspVocPicture *picture, const char *path, const char *text, gsize n, GError **error)
{
  const gsize mark = n >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  g_autoptr (GString) at = g_string_new (NULL);
  g_autoptr (GString) taken = g_string_new (NULL);
  Reading reading = { .picture = picture, .path = path, .at = at, .text = taken, .slot = -1 };
  gboolean done;

  *picture = (EspVocPicture){ .objects = g_array_new (FALSE, TRUE, sizeof (EspVocObject)) };
  g_array_set_clear_func (picture->objects, clear_object);
  done = parse (&reading, text + mark, n - mark, error);
  g_free (reading.open.name);
  return done;
}

/** esp_voc_picture_clear: frees what @picture holds; may be called twice. */
void
esp_voc_picture_clear (EspVocPicture *picture)
{
  g_clear_pointer (&picture->filename, g_free);
  g_clear_pointer (&picture->objects, g_array_unref);
}
