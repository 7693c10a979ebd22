/* rewrite-text.c: the cfg of a rewritten network
 *
 * Comments and blank lines before a section go with it. Numbers of layers keep their way of counting (negative ones count back). Where a
 * layer reads the one before it without saying so, and that is another now, a route is put between. */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/cfg-private.h"
#include "net/rewrite-private.h"

typedef struct
{
  const EspRewrite *rewrite;
  const EspCfg *cfg;
  GString *text;
  int *places;      /* per node: its layer in the new network, -1 while it has none */
  guint n_layers;   /* written so far */
  GArray *sections; /* of int: per new layer its node, -1: a route put between */
} Writer;

/* One past the last line of @section that says anything. */
static guint
end_of_body (const EspCfg *cfg, guint section)
{
  const guint first = esp_cfg_section (cfg, section)->line;
  const guint next = section + 1 < cfg->sections->len ? esp_cfg_section (cfg, section + 1)->line : cfg->lines->len;
  guint end = first + 1;

  for (guint i = first + 1; i < next; i++)
    if (esp_cfg_line (cfg, i)->key != NULL)
      end = i + 1;
  return end;
}

static void
append_lines (Writer *writer, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    g_string_append (writer->text, esp_cfg_line (writer->cfg, i)->text);
  if (writer->text->len > 0 && writer->text->str[writer->text->len - 1] != '\n')
    g_string_append_c (writer->text, '\n');
}

/* A route of nodes, by how far they are back. */
static void
append_route (Writer *writer, const GArray *inputs, int node)
{
  g_string_append (writer->text, "\n[route]\nlayers=");
  for (guint i = 0; i < inputs->len; i++)
    g_string_append_printf (writer->text, i > 0 ? ",%d" : "%d", writer->places[g_array_index (inputs, int, i)] - (int) writer->n_layers);
  g_string_append_c (writer->text, '\n');
  g_array_append_val (writer->sections, node);
  writer->n_layers++;
}

/* What it reads without naming it is the layer before. */
static gboolean
bring_input (Writer *writer, const EspRewriteNode *node, GError **error)
{
  const int input = g_array_index (node->inputs, int, 0);
  const int place = input >= 0 ? writer->places[input] : -1;
  g_autoptr (GArray) inputs = NULL;

  if (place == (int) writer->n_layers - 1)
    return TRUE;
  if (input < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %d reads the image: expected no layers before it", node->old);
      return FALSE;
    }
  inputs = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_val (inputs, input);
  append_route (writer, inputs, -1);
  return TRUE;
}

/* The image has no number: whatever names what it reads can read layers alone. */
static gboolean
check_named (const EspRewriteNode *node, guint skip, GError **error)
{
  for (guint i = skip; i < node->inputs->len; i++)
    if (g_array_index (node->inputs, int, i) < 0)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                     "layer %d would read the image, which has no number: expected that of a layer", node->old);
        return FALSE;
      }
  return TRUE;
}

static gboolean
append_node (Writer *writer, guint index, GError **error)
{
  const EspRewriteNode *node = esp_rewrite_node (writer->rewrite, index);
  const EspLayer *layer = node->old >= 0 ? esp_network_get_layer (writer->rewrite->network, (guint) node->old) : NULL;

  if (!check_named (node, layer == NULL || layer->kind == ESP_LAYER_ROUTE ? 0 : 1, error))
    return FALSE;
  if (layer == NULL)
    append_route (writer, node->inputs, (int) index);
  else
    {
      const guint first = esp_cfg_section (writer->cfg, layer->section)->line, end = end_of_body (writer->cfg, layer->section);
      const int number = (int) index;

      if (layer->kind != ESP_LAYER_ROUTE && !bring_input (writer, node, error))
        return FALSE;
      if (index < esp_network_get_n_layers (writer->rewrite->network))
        append_lines (writer, end_of_body (writer->cfg, layer->section - 1), first);
      else
        g_string_append_c (writer->text, '\n');
      append_lines (writer, first, end);
      g_array_append_val (writer->sections, number);
      writer->n_layers++;
    }
  writer->places[index] = (int) writer->n_layers - 1;
  return TRUE;
}

/* The value of @key with other layers, each counted as it was; from the @skip-th input on. Unchanged where the numbers are. */
static void
set_references (const Writer *writer, EspCfg *cfg, guint section, const char *key, const EspRewriteNode *node, guint skip, int place)
{
  const char *old = esp_cfg_get (cfg, section, key);
  g_auto (GStrv) words = g_strsplit (old, ",", -1);
  const guint n_words = g_strv_length (words);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean changed = node->inputs->len - skip != n_words;

  for (guint i = skip; i < node->inputs->len; i++)
    {
      const int input = writer->places[g_array_index (node->inputs, int, i)];
      const int before = i - skip < n_words ? atoi (words[i - skip]) : -1;
      const int now = before < 0 ? input - place : input;

      changed = changed || now != before;
      g_string_append_printf (text, i == skip ? "%d" : strstr (old, ", ") != NULL ? ", %d" : ",%d", now);
    }
  if (changed)
    esp_cfg_set (cfg, section, key, text->str);
}

static void
set_layer (const Writer *writer, EspCfg *cfg, guint place)
{
  const int index = g_array_index (writer->sections, int, place);
  const EspRewriteNode *node = index >= 0 ? esp_rewrite_node (writer->rewrite, (guint) index) : NULL;
  const EspLayer *layer = node != NULL && node->old >= 0 ? esp_network_get_layer (writer->rewrite->network, (guint) node->old) : NULL;
  const guint section = place + 1;
  g_autofree char *filters = NULL;

  if (layer == NULL)
    return;
  if (layer->kind == ESP_LAYER_ROUTE)
    set_references (writer, cfg, section, "layers", node, 0, (int) place);
  else if (layer->kind == ESP_LAYER_SHORTCUT || layer->kind == ESP_LAYER_SAM || layer->kind == ESP_LAYER_SCALE_CHANNELS)
    set_references (writer, cfg, section, "from", node, 1, (int) place);
  if (node->is_whole)
    {
      esp_cfg_set (cfg, section, "groups", "1");
      esp_cfg_set (cfg, section, "group_id", "0");
    }
  if (node->filters == 0)
    return;
  filters = g_strdup_printf ("%u", node->filters);
  esp_cfg_set (cfg, section, "filters", filters);
}

static EspNetwork *
read_again (const Writer *writer, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_parse (writer->text->str, writer->text->len, writer->cfg->name, error);

  if (cfg == NULL)
    return NULL;
  g_assert (esp_cfg_get_n_sections (cfg) == writer->n_layers + 1);
  cfg->folder = g_strdup (writer->cfg->folder);
  for (guint place = 0; place < writer->n_layers; place++)
    set_layer (writer, cfg, place);
  return esp_network_new_dialect (g_steal_pointer (&cfg), esp_network_get_dialect (writer->rewrite->network), error);
}

EspNetwork *
esp_rewrite_write (const EspRewrite *rewrite, int **places, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (rewrite->network);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) sections = g_array_new (FALSE, FALSE, sizeof (int));
  g_autofree int *all = g_new (int, rewrite->nodes->len);
  Writer writer = { rewrite, cfg, text, all, 0, sections };
  EspNetwork *network;

  for (guint i = 0; i < rewrite->nodes->len; i++)
    all[i] = -1;
  append_lines (&writer, 0, end_of_body (cfg, 0));
  for (guint i = 0; i < rewrite->order->len; i++)
    {
      const guint node = g_array_index (rewrite->order, guint, i);

      if (!esp_rewrite_node (rewrite, node)->is_gone && !append_node (&writer, node, error))
        return NULL;
    }
  append_lines (&writer, end_of_body (cfg, cfg->sections->len - 1), cfg->lines->len);
  network = read_again (&writer, error);
  if (network != NULL)
    *places = g_steal_pointer (&all);
  return network;
}
