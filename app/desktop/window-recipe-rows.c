/* window-recipe-rows.c: the report of a recipe as lines of its page */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "base/json.h"

static double
number (JsonObject *row, const char *name)
{
  JsonNode *node = json_object_get_member (row, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static gboolean
pair (JsonObject *row, const char *name, double *low, double *high)
{
  JsonNode *node = json_object_get_member (row, name);

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) != 2)
    return FALSE;
  *low = json_array_get_double_element (json_node_get_array (node), 0);
  *high = json_array_get_double_element (json_node_get_array (node), 1);
  return TRUE;
}

/* (transfer container): the rows as they are shown: the dense network, the method, then what it has to beat. */
static GPtrArray *
rows_of (JsonNode *report)
{
  GPtrArray *rows = g_ptr_array_new ();
  JsonObject *root = json_node_get_object (report);
  static const char *const lists[] = { "stages", "controls" };

  for (guint l = 0; l < G_N_ELEMENTS (lists); l++)
    {
      JsonArray *list = json_object_get_array_member (root, lists[l]);

      for (guint i = 0; i < json_array_get_length (list); i++)
        g_ptr_array_add (rows, json_array_get_object_element (list, i));
    }
  return rows;
}

static char *
title_of (JsonObject *row)
{
  static const struct
  {
    const char *name, *title;
  } stages[] = {
    { "dense", N_ ("Dense network") },
    { "cut", N_ ("Method, before recovery") },
    { "recovered", N_ ("Method") },
  };
  const char *name = json_object_get_string_member (row, "name");

  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    if (g_str_equal (stages[i].name, name))
      return g_strdup (_ (stages[i].title));
  return g_strdup (name);
}

/* "mAP 38.1 %, 95 % from 36.0 to 40.2" */
static char *
map_words (JsonObject *row)
{
  const double map = number (row, "map");
  double low, high;

  if (isnan (map))
    return g_strdup (_ ("mAP unknown"));
  if (pair (row, "interval", &low, &high))
    return g_strdup_printf (_ ("mAP %.1f %%, 95 %% from %.1f to %.1f"), 100 * map, 100 * low, 100 * high);
  return g_strdup_printf (_ ("mAP %.1f %%"), 100 * map);
}

/* "−2.2 points to dense-continued, 95 % from −3.0 to −1.1"; NULL where it is not known. */
static char *
difference_words (JsonObject *row)
{
  const double difference = number (row, "difference");
  double low, high;

  if (isnan (difference))
    return NULL;
  if (pair (row, "difference_interval", &low, &high))
    return g_strdup_printf (_ ("%+.1f points to dense-continued, 95 %% from %+.1f to %+.1f"), 100 * difference, 100 * low, 100 * high);
  return g_strdup_printf (_ ("%+.1f points to dense-continued"), 100 * difference);
}

static char *
cost_words (JsonObject *row)
{
  const double latency = number (row, "latency_ms"), bflops = number (row, "bflops"), megabytes = number (row, "file_bytes") / 1e6;

  if (isnan (latency))
    return g_strdup_printf (_ ("%.3g BFLOPs · %.2f MB"), bflops, megabytes);
  return g_strdup_printf (_ ("%.3g BFLOPs · %.2f MB · %.3g ms"), bflops, megabytes, latency);
}

/* A line each of what is known. */
static char *
words_of (JsonObject *row, JsonObject *method)
{
  const gboolean own = g_str_equal (json_object_get_string_member (row, "name"), "recovered");
  g_autofree char *map = map_words (row), *difference = difference_words (own && method != NULL ? method : row), *cost = cost_words (row);
  GString *text = g_string_new (map);

  if (difference != NULL)
    g_string_append_printf (text, "\n%s", difference);
  g_string_append_printf (text, "\n%s", cost);
  g_string_replace (text, " -", " −", 0);
  g_string_replace (text, "\n-", "\n−", 0);
  return g_string_free (text, FALSE);
}

static void
show_verdict (EspWindow *self, JsonObject *root)
{
  JsonArray *sentences = json_object_get_array_member (root, "verdict");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (sentences); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", json_array_get_string_element (sentences, i));
  esp_recipe_page_set_verdict (self->recipe_page, text->str);
}

static void
line_clear (gpointer data)
{
  EspLine *line = data;

  g_free ((char *) line->title);
  g_free ((char *) line->words);
  g_free ((char *) line->name);
}

/** esp_window_show_report: the rows that are there so far, and what they say together. Thread: main. */
void
esp_window_show_report (EspWindow *window, JsonNode *report)
{
  JsonObject *root = report != NULL ? json_node_get_object (report) : NULL;
  g_autoptr (GPtrArray) rows = report != NULL ? rows_of (report) : g_ptr_array_new ();
  JsonObject *method = root != NULL && json_object_has_member (root, "method") ? json_object_get_object_member (root, "method") : NULL;
  g_autoptr (GArray) lines = g_array_new (FALSE, TRUE, sizeof (EspLine));

  g_array_set_clear_func (lines, line_clear);
  for (guint i = 0; i < rows->len; i++)
    {
      JsonObject *row = g_ptr_array_index (rows, i);
      EspLine line = { .title = title_of (row), .words = words_of (row, method) };

      line.name = g_strdup_printf (_ ("%s, %s"), line.title, line.words);
      g_strdelimit ((char *) line.name, "\n", ' ');
      g_array_append_val (lines, line);
    }
  esp_recipe_page_set_results (window->recipe_page, (const EspLine *) (gpointer) lines->data, lines->len);
  if (root != NULL)
    show_verdict (window, root);
  else
    esp_recipe_page_set_verdict (window->recipe_page, "");
}

/** esp_window_result_cfg: Returns: (transfer full) (nullable): the row's cfg, from the folder of the run; NULL: it is no network.
 * Thread: main. */
char *
esp_window_result_cfg (JsonNode *report, guint row)
{
  g_autoptr (GPtrArray) rows = rows_of (report);
  const char *cfg = row < rows->len ? json_object_get_string_member_with_default (g_ptr_array_index (rows, row), "cfg", "") : "";

  return *cfg != '\0' ? g_strdup (cfg) : NULL;
}
