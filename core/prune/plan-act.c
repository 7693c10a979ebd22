/* plan-act.c: one step of undo */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-act.h"

#include <glib/gi18n-lib.h>

EspAct *
esp_act_new (void)
{
  EspAct *act = g_new0 (EspAct, 1);

  act->refs = 1;
  act->changes = g_array_new (FALSE, FALSE, sizeof (EspChange));
  act->places = g_hash_table_new (NULL, NULL);
  return act;
}

EspAct *
esp_act_ref (EspAct *act)
{
  act->refs++;
  return act;
}

void
esp_act_unref (EspAct *act)
{
  if (--act->refs > 0)
    return;
  g_array_unref (act->changes);
  g_clear_pointer (&act->places, g_hash_table_unref);
  g_clear_pointer (&act->scores, esp_scores_unref);
  g_clear_pointer (&act->scores_before, esp_scores_unref);
  g_clear_pointer (&act->classes, esp_keep_classes_unref);
  g_clear_pointer (&act->classes_before, esp_keep_classes_unref);
  g_free (act->label);
  g_free (act->rule_label);
  g_free (act);
}

/* Notes a change; a further change of the same thing only moves its end. */
void
esp_act_note (EspAct *act, EspChangeKind kind, guint index, double before, double after)
{
  const gpointer key = GSIZE_TO_POINTER ((gsize) index * ESP_N_CHANGES + kind + 1);
  const EspChange change = { kind, index, before, after };
  const guint place = GPOINTER_TO_UINT (g_hash_table_lookup (act->places, key));

  if (place > 0)
    {
      g_array_index (act->changes, EspChange, place - 1).after = after;
      return;
    }
  g_array_append_val (act->changes, change);
  g_hash_table_insert (act->places, key, GUINT_TO_POINTER (act->changes->len));
}

static char *
percent (double ratio)
{
  return g_strdup_printf ("%.4g", 100 * ratio);
}

/* What is asked, as it is now, of @name: "20×20 backbone to 40 %", "20×20 backbone to scores from 0.031", "Layer 57 to 24 channels". */
static char *
name_share (const char *name, EspShare share)
{
  g_autofree char *to = percent (share.value);

  switch (share.kind)
    {
    case ESP_SHARE_THRESHOLD:
      return g_strdup_printf (_ ("%s to scores from %.4g"), name, share.value);
    case ESP_SHARE_COUNT:
      return g_strdup_printf (_ ("%s to %.0f channels"), name, share.value);
    case ESP_SHARE_GROUP:
      return g_strdup_printf (_ ("%s as its group"), name);
    case ESP_SHARE_RATIO:
    case ESP_SHARE_OVERALL:
    default:
      return g_strdup_printf (_ ("%s to %s %%"), name, to);
    }
}

/* What a change is about, most telling first: their words name the act. */
typedef enum
{
  TOPIC_OVERALL,
  TOPIC_NORM,
  TOPIC_MERGE,
  TOPIC_GROUP,
  TOPIC_LAYER,
  TOPIC_RULE,
  TOPIC_FLOOR,
  TOPIC_LAYER_FLOOR,
  TOPIC_ROUND,
  N_TOPICS
} Topic;

static Topic
topic_of (const EspChange *change, EspPlan *plan)
{
  const guint n_groups = esp_plan_get_n_groups (plan);

  switch (change->kind)
    {
    case ESP_CHANGE_RATIO:
    case ESP_CHANGE_THRESHOLD:
    case ESP_CHANGE_COUNT:
      if (change->index >= n_groups)
        return TOPIC_LAYER;
      return esp_plan_get_share (plan, change->index).kind == ESP_SHARE_OVERALL ? TOPIC_OVERALL : TOPIC_GROUP;
    case ESP_CHANGE_JOIN:
      return change->after != 0 ? TOPIC_OVERALL : TOPIC_GROUP;
    case ESP_CHANGE_OVERALL:
      return TOPIC_OVERALL;
    case ESP_CHANGE_NORM:
      return TOPIC_NORM;
    case ESP_CHANGE_MERGE:
      return TOPIC_MERGE;
    case ESP_CHANGE_RULE:
      return TOPIC_RULE;
    case ESP_CHANGE_FLOOR:
      return TOPIC_FLOOR;
    case ESP_CHANGE_LAYER_FLOOR:
      return TOPIC_LAYER_FLOOR;
    case ESP_CHANGE_ROUND:
    case ESP_N_CHANGES:
    default:
      return TOPIC_ROUND;
    }
}

/* Which groups, layers or channels a topic is about: each once. @last: the last of them. */
static guint
count_about (const EspAct *act, EspPlan *plan, Topic topic, guint *last)
{
  g_autoptr (GHashTable) met = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *change = &g_array_index (act->changes, EspChange, i);

      if (change->before == change->after || topic_of (change, plan) != topic)
        continue;
      *last = change->index;
      g_hash_table_add (met, GUINT_TO_POINTER (change->index));
    }
  return g_hash_table_size (met);
}

/* Of several: "All groups to 40 %", "Ratios of 3 groups" */
static char *
name_groups (const EspAct *act, EspPlan *plan)
{
  const guint n_groups = esp_plan_get_n_groups (plan);
  guint last = 0;
  const guint n = count_about (act, plan, TOPIC_GROUP, &last);
  const EspShare share = esp_plan_get_share (plan, last);
  gboolean equal = share.kind == ESP_SHARE_RATIO;
  g_autofree char *to = percent (share.value);

  if (n == 1)
    return name_share (esp_plan_get_group (plan, last)->name, share);
  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *change = &g_array_index (act->changes, EspChange, i);

      if (change->before != change->after && topic_of (change, plan) == TOPIC_GROUP)
        equal = equal && esp_plan_get_share (plan, change->index).kind == ESP_SHARE_RATIO
                && esp_plan_get_ratio (plan, change->index) == share.value;
    }
  if (equal && n == n_groups)
    return g_strdup_printf (_ ("All groups to %s %%"), to);
  return equal ? g_strdup_printf (_ ("%u groups to %s %%"), n, to) : g_strdup_printf (_ ("Ratios of %u groups"), n);
}

/* "Layer 57 to 40 %", "Shares of 3 layers" */
static char *
name_layers (const EspAct *act, EspPlan *plan)
{
  guint last = 0;
  const guint n = count_about (act, plan, TOPIC_LAYER, &last), layer = last - esp_plan_get_n_groups (plan);
  g_autofree char *name = g_strdup_printf (_ ("Layer %u"), layer);

  return n == 1 ? name_share (name, esp_plan_get_layer_share (plan, layer)) : g_strdup_printf (_ ("Shares of %u layers"), n);
}

/* "All groups together to 40 %", "20×20 backbone joins the others" */
static char *
name_overall (const EspAct *act, EspPlan *plan)
{
  guint last = 0, n_joined = 0;
  gboolean moved = FALSE;
  double ratio = 0;
  g_autofree char *to = NULL;

  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *change = &g_array_index (act->changes, EspChange, i);

      if (change->before == change->after)
        continue;
      moved = moved || change->kind == ESP_CHANGE_OVERALL;
      n_joined += change->kind == ESP_CHANGE_JOIN && change->after != 0;
      if (change->kind == ESP_CHANGE_JOIN)
        last = change->index;
    }
  if (!moved && n_joined == 1)
    return g_strdup_printf (_ ("%s ranked with all groups together"), esp_plan_get_group (plan, last)->name);
  if (!esp_plan_get_overall (plan, &ratio))
    return g_strdup (_ ("No group ranked with the others"));
  to = percent (ratio);
  return g_strdup_printf (_ ("All groups together to %s %%"), to);
}

static char *
name_layer_floor (const EspAct *act, EspPlan *plan)
{
  guint last = 0;
  const guint n = count_about (act, plan, TOPIC_LAYER_FLOOR, &last);
  const int floor = esp_plan_get_layer_floor (plan, last);

  if (n > 1)
    return g_strdup_printf (_ ("Floors of %u layers"), n);
  return floor < 0 ? g_strdup_printf (_ ("Layer %u to the floor of all"), last)
                   : g_strdup_printf (_ ("Keep at least %d channels of layer %u"), floor, last);
}

static char *
name_topic (const EspAct *act, EspPlan *plan, Topic topic)
{
  guint last = 0;

  switch (topic)
    {
    case TOPIC_OVERALL:
      return name_overall (act, plan);
    case TOPIC_NORM:
      return g_strdup_printf (_ ("Compare layers by %s"), esp_norm_title (esp_plan_get_norm (plan)));
    case TOPIC_MERGE:
      return g_strdup (esp_merge_act_words (esp_plan_get_merge (plan)));
    case TOPIC_GROUP:
      return name_groups (act, plan);
    case TOPIC_LAYER:
      return name_layers (act, plan);
    case TOPIC_RULE:
      return act->n_rule_calls == 1 ? g_strdup (act->rule_label)
                                    : g_strdup_printf (_ ("Choose %u channels by hand"), count_about (act, plan, topic, &last));
    case TOPIC_FLOOR:
      return g_strdup_printf (_ ("Keep at least %u channels a layer"), esp_plan_get_floor (plan));
    case TOPIC_LAYER_FLOOR:
      return name_layer_floor (act, plan);
    case TOPIC_ROUND:
    case N_TOPICS:
    default:
      return esp_plan_get_round (plan) > 1 ? g_strdup_printf (_ ("Round to %u channels"), esp_plan_get_round (plan))
                                           : g_strdup (_ ("No rounding"));
    }
}

/* The words of what differs now from where the act began; NULL where nothing does. */
static char *
name_act (const EspAct *act, EspPlan *plan)
{
  guint n[N_TOPICS] = { 0 };
  guint topics = 0;
  g_autofree char *first = NULL;

  for (guint i = 0; i < act->changes->len; i++)
    {
      const EspChange *change = &g_array_index (act->changes, EspChange, i);

      if (change->before != change->after)
        topics += n[topic_of (change, plan)]++ == 0;
    }
  for (Topic topic = 0; topic < N_TOPICS && first == NULL; topic++)
    if (n[topic] > 0)
      first = name_topic (act, plan, topic);
  if (first == NULL && act->scores != act->scores_before)
    first = g_strdup (_ ("Scores"));
  if (first == NULL && act->classes != act->classes_before)
    first = act->classes == NULL ? g_strdup (_ ("Export all classes"))
                                 : g_strdup_printf (_ ("Classes of the export: %u"), esp_keep_classes_get_n (act->classes));
  return topics > 1 ? g_strdup_printf (_ ("%s, and more"), first) : g_steal_pointer (&first);
}

/* The words of the whole act as far as it has come; NULL where nothing differs. */
char *
esp_act_dup_label (const EspAct *act, EspPlan *plan)
{
  return act->label != NULL ? g_strdup (act->label) : name_act (act, plan);
}

/* Drops what came back to where it was and words the rest. */
gboolean
esp_act_finish (EspAct *act, EspPlan *plan)
{
  for (guint i = act->changes->len; i-- > 0;)
    if (g_array_index (act->changes, EspChange, i).before == g_array_index (act->changes, EspChange, i).after)
      g_array_remove_index (act->changes, i);
  g_clear_pointer (&act->places, g_hash_table_unref);
  if (act->changes->len == 0 && act->scores == act->scores_before && act->classes == act->classes_before)
    return FALSE;
  if (act->label == NULL)
    act->label = name_act (act, plan);
  return TRUE;
}
