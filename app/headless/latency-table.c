/* latency-table.c: how much faster a plan makes a network, as JSON and for people */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "latency-table.h"

#include <math.h>

#include "measure/cpu.h"
#include "net/cost.h"

#define WARM_UPS 10
#define SHOWN_MS .0005 /* what takes less shows as 0 */
#define MATTERS  .01   /* of the network's time after: layers that lose less are warned of in JSON alone */

/* A row of the table and what it is called. */
typedef struct
{
  const EspSpeedRow *row;
  char *name;
  gboolean layer;
} Named;

static double
ratio (double before, double after)
{
  return after > 0 ? before / after : (double) NAN;
}

static void
add_side (JsonBuilder *json, const EspSpeedRow *row, gboolean after)
{
  const EspLatencyGain *gain = &row->gain;
  const EspLatency *ms = after ? &gain->ms.after : &gain->ms.before;

  esp_json_int (json, "channels", after ? row->n_after : row->n_before);
  esp_json_double (json, "bflops", after ? gain->bflops_after : gain->bflops_before);
  esp_json_double (json, "blocked_bflops", after ? gain->blocked_after : gain->blocked_before);
  esp_json_double (json, "ms", ms->median_ms);
  esp_json_double (json, "low_ms", ms->low_ms);
  esp_json_double (json, "high_ms", ms->high_ms);
}

static void
add_verdict (JsonBuilder *json, const EspSpeedRow *row)
{
  g_autofree char *warning = esp_latency_warning (&row->gain);

  esp_json_double (json, "speedup", ratio (row->gain.ms.before.median_ms, row->gain.ms.after.median_ms));
  esp_json_double (json, "excess_ms", esp_latency_excess (&row->gain));
  esp_json_string (json, "warning", warning);
}

/* @layer: whether kernels are told. */
static void
add_row (JsonBuilder *json, const EspSpeedRow *row, gboolean layer)
{
  for (guint s = 0; s < 2; s++)
    {
      json_builder_set_member_name (json, s == 0 ? "before" : "after");
      json_builder_begin_object (json);
      add_side (json, row, s == 1);
      if (layer)
        esp_json_string (json, "kernel", s == 0 ? row->kernel_before : row->kernel_after);
      json_builder_end_object (json);
    }
  add_verdict (json, row);
}

static void
add_whole (const EspLatencyTable *table, JsonBuilder *json)
{
  const EspNetwork *network = esp_plan_get_network (table->plan);

  for (guint s = 0; s < 2; s++)
    {
      const EspCost cost = esp_cost_of (network, s == 0 ? NULL : table->mask);

      json_builder_set_member_name (json, s == 0 ? "before" : "after");
      json_builder_begin_object (json);
      esp_json_int (json, "params", (gint64) cost.params);
      esp_json_int (json, "file_bytes", (gint64) cost.file_bytes);
      add_side (json, &table->speed->whole, s == 1);
      json_builder_end_object (json);
    }
  add_verdict (json, &table->speed->whole);
}

static void
add_parts (const EspLatencyTable *table, JsonBuilder *json)
{
  const guint n = esp_plan_get_n_groups (table->plan);

  json_builder_set_member_name (json, "groups");
  json_builder_begin_array (json);
  for (guint g = 0; g < n; g++)
    {
      json_builder_begin_object (json);
      esp_json_string (json, "name", esp_plan_get_group (table->plan, g)->name);
      add_row (json, &table->speed->parts[g], FALSE);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "others");
  json_builder_begin_object (json);
  add_row (json, &table->speed->parts[n], FALSE);
  json_builder_end_object (json);
}

static const char *
part_name (const EspLatencyTable *table, guint layer)
{
  const guint part = (guint) table->parts[layer];

  return part < esp_plan_get_n_groups (table->plan) ? esp_plan_get_group (table->plan, part)->name : NULL;
}

static void
add_layers (const EspLatencyTable *table, JsonBuilder *json)
{
  const EspNetwork *network = esp_plan_get_network (table->plan);

  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < table->speed->n_layers; i++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "index", i);
      esp_json_string (json, "kind", esp_layer_kind_name (esp_network_get_layer (network, i)->kind));
      esp_json_string (json, "group", part_name (table, i));
      add_row (json, &table->speed->layers[i], TRUE);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static void
add_machine (const EspLatencyTable *table, const char *cpu, double load, JsonBuilder *json)
{
  const EspLatency *ms = &table->speed->whole.gain.ms.before;

  esp_json_int (json, "warm_ups", WARM_UPS);
  esp_json_int (json, "turns", table->speed->turns);
  esp_json_int (json, "repeats", table->repeats);
  esp_json_int (json, "forwards", ms->repeats);
  esp_json_int (json, "threads", ms->threads);
  esp_json_int (json, "block", esp_latency_block ());
  esp_json_string (json, "cpu", cpu);
  esp_json_double (json, "load", load);
  json_builder_set_member_name (json, "random_weights");
  json_builder_add_boolean_value (json, table->random);
}

static char *
times (const EspLatency *ms)
{
  return g_strdup_printf ("%.3f (%.3f to %.3f)", ms->median_ms, ms->low_ms, ms->high_ms);
}

static char *
times_fewer (double before, double after)
{
  return before > 0 && after > 0 ? g_strdup_printf ("%.2f", before / after) : g_strdup ("–");
}

/* To the right of a column, whatever the bytes of the text. */
static void
print_right (const char *text, int width)
{
  g_print (" %*s%s", MAX (width - (int) g_utf8_strlen (text, -1), 0), "", text);
}

static void
print_row (const char *name, const EspSpeedRow *row)
{
  const EspLatencyGain *gain = &row->gain;
  g_autofree char *before = times (&gain->ms.before), *after = times (&gain->ms.after);
  g_autofree char *faster = times_fewer (gain->ms.before.median_ms, gain->ms.after.median_ms);
  g_autofree char *fewer = times_fewer (gain->bflops_before, gain->bflops_after);
  g_autofree char *channels = row->n_before > 0 ? g_strdup_printf ("%u → %u", row->n_before, row->n_after) : g_strdup ("");

  g_print ("%-26.26s", name);
  print_right (channels, 14);
  print_right (before, 26);
  print_right (after, 26);
  print_right (faster, 7);
  g_print (" %9.4f %9.4f", gain->bflops_before, gain->bflops_after);
  print_right (fewer, 7);
  g_print (" %8.3f\n", esp_latency_excess (gain));
}

static gboolean
is_idle (const EspSpeedRow *row)
{
  return row->gain.ms.before.high_ms < SHOWN_MS && row->gain.ms.after.high_ms < SHOWN_MS;
}

/* The whole, then every part with its layers. */
static void
list_rows (const EspLatencyTable *table, GArray *rows)
{
  const EspNetwork *network = esp_plan_get_network (table->plan);
  const guint n = esp_plan_get_n_groups (table->plan);
  Named named = { &table->speed->whole, g_strdup ("network"), FALSE };

  g_array_append_val (rows, named);
  for (guint p = 0; p <= n; p++)
    {
      named = (Named){ &table->speed->parts[p], g_strdup (p < n ? esp_plan_get_group (table->plan, p)->name : "in no group"), FALSE };
      g_array_append_val (rows, named);
      for (guint i = 0; i < table->speed->n_layers; i++)
        if ((guint) table->parts[i] == p && !is_idle (&table->speed->layers[i]))
          {
            named = (Named){ &table->speed->layers[i],
                             g_strdup_printf ("  layer %u %s", i, esp_layer_kind_name (esp_network_get_layer (network, i)->kind)), TRUE };
            g_array_append_val (rows, named);
          }
    }
}

static void
clear_named (gpointer data)
{
  g_free (((Named *) data)->name);
}

static void
print_warnings (const EspLatencyTable *table, GArray *rows)
{
  const double least = MATTERS * table->speed->whole.gain.ms.after.median_ms;

  for (guint i = 0; i < rows->len; i++)
    {
      const Named *named = &g_array_index (rows, Named, i);
      g_autofree char *warning = esp_latency_warning (&named->row->gain);

      if (warning != NULL && (!named->layer || esp_latency_excess (&named->row->gain) >= least))
        g_print ("%s: %s\n", g_strstrip (named->name), warning);
    }
}

static void
print (const EspLatencyTable *table, const char *cpu, double load)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (Named));
  const EspLatency *ms = &table->speed->whole.gain.ms.before;

  g_array_set_clear_func (rows, clear_named);
  list_rows (table, rows);
  g_print ("%s, %u threads, load %.2f; batch 1, %u warm-ups, then %u turns of %u forwards of each network%s\n\n", cpu, ms->threads, load,
           WARM_UPS, table->speed->turns, table->repeats, table->random ? ", random weights" : "");
  g_print ("%-26s %14s %26s %26s %7s %9s %9s %7s %8s\n", "", "channels", "ms before (quartiles)", "ms after", "faster", "BFLOPs", "after",
           "fewer", "excess");
  for (guint i = 0; i < rows->len; i++)
    print_row (g_array_index (rows, Named, i).name, g_array_index (rows, Named, i).row);
  g_print ("\nexcess: ms above the time before, had that fallen as the BFLOPs did\n");
  print_warnings (table, rows);
}

/** esp_latency_table_tell: adds the members to @json and prints the same unless common->json. Thread: main. */
void
esp_latency_table_tell (const EspLatencyTable *table, EspCommon *common, JsonBuilder *json)
{
  g_autofree char *cpu = esp_cpu_name ();
  const double load = esp_cpu_load ();

  add_whole (table, json);
  add_parts (table, json);
  add_layers (table, json);
  add_machine (table, cpu, load, json);
  if (!common->json)
    print (table, cpu, load);
}
