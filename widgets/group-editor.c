/* group-editor.c: one group's line of the list: kept, threshold, slider, exact ratio, layers */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "group-editor.h"

#include <glib/gi18n.h>
#include <math.h>

#include "histogram.h"
#include "prune/plan.h"
#include "row-label.h"

#define ACT_PAUSE_MS  800 /* an act ends after so long without a change */
#define PAGE_CHANNELS 16

struct _EspGroupEditor
{
  GtkBox parent_instance;

  GtkLabel *name;
  GtkImage *link;
  GtkLabel *kept;
  GtkLabel *note;
  GtkLabel *layers;
  GtkLabel *limit;
  GtkCheckButton *by_score;
  GtkRevealer *revealer;
  GtkToggleButton *expander;
  GtkEditable *exact;
  GtkRange *range;
  EspHistogram *histogram;
  char *edge; /* (nullable): what is near the line, in words */

  GObject *row;
  gboolean loading; /* the row's value is being shown: not a hand's change */
  gboolean in_act;
  gboolean pointed, dragged, focused; /* why the line is watched */
  gboolean watched;                   /* as told */
  guint pause;                        /* source that ends the act */
  guint refresh;                      /* source that asks for the ranking */
};

G_DEFINE_FINAL_TYPE (EspGroupEditor, esp_group_editor, GTK_TYPE_BOX)

enum
{
  ACT_BEGIN,
  ACT_END,
  RANKING_NEEDED,
  WATCHED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
end_act (EspGroupEditor *self)
{
  g_clear_handle_id (&self->pause, g_source_remove);
  if (!self->in_act)
    return;
  self->in_act = FALSE;
  g_signal_emit (self, signals[ACT_END], 0);
}

static gboolean
on_pause (gpointer data)
{
  EspGroupEditor *self = data;

  self->pause = 0;
  end_act (self);
  return G_SOURCE_REMOVE;
}

static void
go_on_with_act (EspGroupEditor *self)
{
  if (!self->in_act)
    {
      self->in_act = TRUE;
      g_signal_emit (self, signals[ACT_BEGIN], 0);
    }
  g_clear_handle_id (&self->pause, g_source_remove);
  self->pause = g_timeout_add (ACT_PAUSE_MS, on_pause, self);
}

/* Somebody looks at the line: a pointer over it or over its slider, a drag, or the keyboard. */
static void
tell_watched (EspGroupEditor *self)
{
  const gboolean watched = self->pointed || self->dragged || self->focused;

  if (watched == self->watched)
    return;
  self->watched = watched;
  g_signal_emit (self, signals[WATCHED], 0, watched);
}

/* A focus that a click has left behind is no look at the line; GTK hides the ring of any other after some seconds, and that is no look
 * away. */
static void
look_for_focus (EspGroupEditor *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  self->focused = GTK_IS_WINDOW (root) && gtk_widget_has_focus (GTK_WIDGET (self->range))
                  && (self->focused || gtk_window_get_focus_visible (GTK_WINDOW (root)));
  tell_watched (self);
}

static gboolean
on_refresh (gpointer data)
{
  EspGroupEditor *self = data;

  self->refresh = 0;
  g_signal_emit (self, signals[RANKING_NEEDED], 0);
  return G_SOURCE_REMOVE;
}

/* The picture of the ranking may lag a frame behind the slider; it never holds the slider up. */
static void
queue_ranking (EspGroupEditor *self)
{
  if (self->refresh == 0)
    self->refresh = g_idle_add (on_refresh, self);
}

static void
show_ratio (EspGroupEditor *self)
{
  double ratio = 0;
  g_autofree char *percent = NULL;

  g_object_get (self->row, "ratio", &ratio, NULL);
  self->loading = TRUE;
  if (gtk_range_get_value (self->range) != ratio)
    gtk_range_set_value (self->range, ratio);
  percent = g_strdup_printf (_ ("%.1f %%"), 100 * ratio);
  if (!gtk_widget_has_focus (GTK_WIDGET (gtk_editable_get_delegate (self->exact))))
    gtk_editable_set_text (self->exact, percent);
  self->loading = FALSE;
  esp_histogram_set_ratio (self->histogram, ratio);
  queue_ranking (self);
}

static void
show_kept (EspGroupEditor *self)
{
  int kept = esp_row_get_int (self->row, "kept"), total = esp_row_get_int (self->row, "total");
  g_autofree char *text = g_strdup_printf ("%d/%d", kept, total);
  g_autofree char *words = g_strdup_printf (_ ("%d of %d channels kept"), kept, total);
  g_autofree char *all = NULL;
  double step = total > 0 ? 1.0 / total : 0.01;

  gtk_label_set_label (self->kept, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->kept), words);
  gtk_range_set_increments (self->range, step, MIN (1, PAGE_CHANNELS * step));
  all = self->edge != NULL && *self->edge != '\0' ? g_strdup_printf (_ ("%s; %s"), words, self->edge) : g_strdup (words);
  esp_accessible_describe (self->range, all);
}

/* The words of the line are there where it is what decides, and where the row is opened. */
static void
show_limit (EspGroupEditor *self)
{
  const gboolean by_score = gtk_check_button_get_active (self->by_score);

  gtk_widget_set_visible (GTK_WIDGET (self->limit),
                          (by_score || gtk_toggle_button_get_active (self->expander)) && *gtk_label_get_label (self->limit) != '\0');
}

static void
show_mode (EspGroupEditor *self)
{
  gboolean by_score = FALSE;

  g_object_get (self->row, "by-score", &by_score, NULL);
  self->loading = TRUE;
  gtk_check_button_set_active (self->by_score, by_score);
  self->loading = FALSE;
  queue_ranking (self);
  show_limit (self);
}

/* What the line means, of the scores beside it in every run. */
static char *
limit_words (GPtrArray *rankings, gboolean by_score)
{
  double low = INFINITY, high = -INFINITY;

  for (guint i = 0; rankings != NULL && i < rankings->len; i++)
    {
      const EspRanking *ranking = g_ptr_array_index (rankings, i);
      double value;

      if (ranking->n == 0)
        continue;
      value = ranking->values[MIN (ranking->n_cut, ranking->n - 1)];
      low = MIN (low, value);
      high = MAX (high, value);
    }
  if (low > high)
    return g_strdup ("");
  if (by_score)
    return g_strdup_printf (_ ("Cuts what scores less than %.4g, in every layer"), low);
  if (low == high)
    return g_strdup_printf (_ ("The line is at score %.4g"), low);
  return g_strdup_printf (_ ("The line is at scores %.4g to %.4g, by layer"), low, high);
}

static void
show_words (EspGroupEditor *self)
{
  g_autofree char *name = esp_row_dup_string (self->row, "name");
  g_autofree char *note = esp_row_dup_string (self->row, "note");
  g_autofree char *layers = esp_row_dup_string (self->row, "layers");
  g_autofree char *slider = g_strdup_printf (_ ("Prune ratio: %s"), name);
  g_autofree char *exact = g_strdup_printf (_ ("Exact ratio in percent: %s"), name);
  g_autofree char *by_score = g_strdup_printf (_ ("By score, not by share: %s"), name);
  g_autofree char *expander = g_strdup_printf (_ ("Layers of %s"), name);
  g_autofree char *list = g_strdup_printf (_ ("Layers %s"), layers != NULL ? layers : "");

  gtk_label_set_label (self->name, name);
  gtk_label_set_label (self->note, note);
  gtk_widget_set_visible (GTK_WIDGET (self->note), note != NULL && *note != '\0');
  gtk_label_set_label (self->layers, list);
  esp_accessible_name (self->range, slider);
  esp_accessible_name (self->exact, exact);
  esp_accessible_name (self->expander, expander);
  esp_accessible_name (self->by_score, by_score);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->expander), expander);
}

static void
on_row_notify (GObject *row, GParamSpec *pspec, EspGroupEditor *self)
{
  const char *property = pspec->name;

  if (g_str_equal (property, "ratio"))
    show_ratio (self);
  else if (g_str_equal (property, "by-score"))
    show_mode (self);
  else if (g_str_equal (property, "kept") || g_str_equal (property, "total"))
    show_kept (self);
  else if (g_str_equal (property, "revision"))
    queue_ranking (self);
  else if (g_str_equal (property, "name") || g_str_equal (property, "note") || g_str_equal (property, "layers"))
    show_words (self);
}

/* value-changed, not change-value: an assistive technology's setting emits only this one. */
static void
on_value_changed (GtkRange *range, EspGroupEditor *self)
{
  if (self->loading || self->row == NULL)
    return;
  look_for_focus (self);
  go_on_with_act (self);
  g_object_set (self->row, "ratio", gtk_range_get_value (range), NULL);
}

/* An act of its own. */
static void
on_by_score_toggled (GtkCheckButton *check, EspGroupEditor *self)
{
  if (self->loading || self->row == NULL)
    return;
  end_act (self);
  g_object_set (self->row, "by-score", gtk_check_button_get_active (check), NULL);
  show_limit (self);
}

static void
on_expander_toggled (GtkToggleButton *expander, EspGroupEditor *self)
{
  show_limit (self);
}

/* Watches without taking part: the slider's own gestures claim the sequence. */
static gboolean
on_range_event (GtkEventControllerLegacy *controller, GdkEvent *event, EspGroupEditor *self)
{
  GdkEventType type = gdk_event_get_event_type (event);

  if (type == GDK_BUTTON_RELEASE || type == GDK_TOUCH_END || type == GDK_TOUCH_CANCEL)
    end_act (self);
  return GDK_EVENT_PROPAGATE;
}

static void
on_focus_enter (GtkEventControllerFocus *focus, EspGroupEditor *self)
{
  look_for_focus (self);
}

static void
on_focus_leave (GtkEventControllerFocus *focus, EspGroupEditor *self)
{
  end_act (self);
  self->focused = FALSE;
  tell_watched (self);
}

static void
on_line_enter (GtkEventControllerMotion *motion, double x, double y, EspGroupEditor *self)
{
  self->pointed = TRUE;
  tell_watched (self);
}

static void
on_line_leave (GtkEventControllerMotion *motion, EspGroupEditor *self)
{
  self->pointed = FALSE;
  tell_watched (self);
}

static void
on_line_drag_begin (EspHistogram *histogram, EspGroupEditor *self)
{
  self->dragged = TRUE;
  tell_watched (self);
}

static void
on_line_dragged (EspHistogram *histogram, double ratio, EspGroupEditor *self)
{
  gtk_range_set_value (self->range, ratio);
}

static void
on_line_drag_end (EspHistogram *histogram, EspGroupEditor *self)
{
  end_act (self);
  self->dragged = FALSE;
  tell_watched (self);
}

/* Takes "40", "40 %", "40,5" in any locale: one act; what is no number gives way to the ratio in force. */
static void
take_exact (EspGroupEditor *self)
{
  g_autofree char *text = g_strdelimit (g_strdup (gtk_editable_get_text (self->exact)), ",", '.');
  char *end = NULL;
  double percent = g_ascii_strtod (text, &end), ratio = 0;

  if (self->row == NULL)
    return;
  if (end != text && isfinite (percent))
    {
      g_object_get (self->row, "ratio", &ratio, NULL);
      if (fabs (ratio - percent / 100) >= 0.0005)
        gtk_range_set_value (self->range, CLAMP (percent / 100, 0, 1));
      end_act (self);
    }
  g_object_get (self->row, "ratio", &ratio, NULL);
  {
    g_autofree char *shown = g_strdup_printf (_ ("%.1f %%"), 100 * ratio);

    gtk_editable_set_text (self->exact, shown);
  }
}

static void
on_exact_activate (GtkEntry *entry, EspGroupEditor *self)
{
  take_exact (self);
  gtk_editable_select_region (self->exact, 0, -1);
}

static void
on_exact_leave (GtkEventControllerFocus *focus, EspGroupEditor *self)
{
  take_exact (self);
}

static void
esp_group_editor_dispose (GObject *object)
{
  EspGroupEditor *self = ESP_GROUP_EDITOR (object);

  end_act (self);
  g_clear_handle_id (&self->refresh, g_source_remove);
  esp_row_label_unbind (GTK_ACCESSIBLE (self));
  if (self->row != NULL)
    g_signal_handlers_disconnect_by_data (self->row, self);
  g_clear_object (&self->row);
  g_clear_pointer (&self->edge, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_GROUP_EDITOR);
  G_OBJECT_CLASS (esp_group_editor_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget)
{
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/group-editor.ui");
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, name);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, link);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, kept);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, note);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, layers);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, limit);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, by_score);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, revealer);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, expander);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, exact);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, range);
  gtk_widget_class_bind_template_child (widget, EspGroupEditor, histogram);
  gtk_widget_class_bind_template_callback (widget, on_value_changed);
  gtk_widget_class_bind_template_callback (widget, on_by_score_toggled);
  gtk_widget_class_bind_template_callback (widget, on_expander_toggled);
  gtk_widget_class_bind_template_callback (widget, on_range_event);
  gtk_widget_class_bind_template_callback (widget, on_focus_enter);
  gtk_widget_class_bind_template_callback (widget, on_focus_leave);
  gtk_widget_class_bind_template_callback (widget, on_line_enter);
  gtk_widget_class_bind_template_callback (widget, on_line_leave);
  gtk_widget_class_bind_template_callback (widget, on_line_drag_begin);
  gtk_widget_class_bind_template_callback (widget, on_line_dragged);
  gtk_widget_class_bind_template_callback (widget, on_line_drag_end);
  gtk_widget_class_bind_template_callback (widget, on_exact_activate);
  gtk_widget_class_bind_template_callback (widget, on_exact_leave);
}

static void
esp_group_editor_class_init (EspGroupEditorClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_group_editor_dispose;
  bind_template (widget);
  gtk_widget_class_set_css_name (widget, "groupeditor");
  signals[ACT_BEGIN] = g_signal_new ("act-begin", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ACT_END] = g_signal_new ("act-end", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[WATCHED] = g_signal_new ("watched", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[RANKING_NEEDED] = g_signal_new ("ranking-needed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_group_editor_init (EspGroupEditor *self)
{
  g_type_ensure (ESP_TYPE_HISTOGRAM);
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_widget_ignore_wheel (GTK_WIDGET (self->range));
}

/**
 * esp_group_editor_new:
 * @row: (transfer none): with the properties of EspGroupRow; its "ratio" is written
 *
 * Returns: (transfer floating): an editor that follows @row for life. Thread: main.
 */
GtkWidget *
esp_group_editor_new (gpointer row)
{
  EspGroupEditor *self = g_object_new (ESP_TYPE_GROUP_EDITOR, NULL);

  self->row = g_object_ref (row);
  g_signal_connect (row, "notify", G_CALLBACK (on_row_notify), self);
  esp_row_label_bind (GTK_ACCESSIBLE (self), row);
  show_words (self);
  show_kept (self);
  show_ratio (self);
  show_mode (self);
  return GTK_WIDGET (self);
}

/** esp_group_editor_get_index: Returns: the "index" of its row. Thread: main. */
guint
esp_group_editor_get_index (EspGroupEditor *self)
{
  g_return_val_if_fail (ESP_IS_GROUP_EDITOR (self) && self->row != NULL, 0);
  return (guint) esp_row_get_int (self->row, "index");
}

/** esp_group_editor_set_ranking: @editor: shows @rankings, (nullable): of EspRanking*, borrowed. Thread: main. */
void
esp_group_editor_set_ranking (EspGroupEditor *self, GPtrArray *rankings)
{
  g_autofree char *words = NULL;

  g_return_if_fail (ESP_IS_GROUP_EDITOR (self));
  words = limit_words (rankings, gtk_check_button_get_active (self->by_score));
  gtk_label_set_label (self->limit, words);
  show_limit (self);
  esp_histogram_clear (self->histogram);
  for (guint i = 0; rankings != NULL && i < rankings->len; i++)
    {
      const EspRanking *ranking = g_ptr_array_index (rankings, i);

      esp_histogram_add_run (self->histogram, ranking->values, ranking->n, ranking->n_cut);
    }
}

/** esp_group_editor_end_act: @editor: the act under way, if any, ends here; a row that is taken away says so first. Thread: main. */
void
esp_group_editor_end_act (EspGroupEditor *self)
{
  g_return_if_fail (ESP_IS_GROUP_EDITOR (self));
  end_act (self);
}

/** esp_group_editor_set_edge: @words: (nullable): what is near the line, said with the slider. Thread: main. */
void
esp_group_editor_set_edge (EspGroupEditor *self, const char *words)
{
  g_return_if_fail (ESP_IS_GROUP_EDITOR (self));
  if (g_strcmp0 (words, self->edge) == 0)
    return;
  g_free (self->edge);
  self->edge = g_strdup (words);
  show_kept (self);
}

/** esp_group_editor_get_line: @bounds: (out): of its histogram with the slider under it, in the coordinates of @other. Thread: main. */
gboolean
esp_group_editor_get_line (EspGroupEditor *self, GtkWidget *other, GdkRectangle *bounds)
{
  graphene_rect_t line, slider;

  g_return_val_if_fail (ESP_IS_GROUP_EDITOR (self), FALSE);
  if (!gtk_widget_compute_bounds (GTK_WIDGET (self->histogram), other, &line)
      || !gtk_widget_compute_bounds (GTK_WIDGET (self->range), other, &slider))
    return FALSE;
  graphene_rect_union (&line, &slider, &line);
  *bounds = (GdkRectangle){ (int) line.origin.x, (int) line.origin.y, (int) line.size.width, (int) line.size.height };
  return TRUE;
}

/** esp_group_editor_is_dragged: Returns: whether a hand has hold of its line. Thread: main. */
gboolean
esp_group_editor_is_dragged (EspGroupEditor *self)
{
  g_return_val_if_fail (ESP_IS_GROUP_EDITOR (self), FALSE);
  return self->dragged;
}

/** esp_group_editor_set_lit: @editor: stands out: it holds what goes with the channel that is pointed at. Thread: main. */
void
esp_group_editor_set_lit (EspGroupEditor *self, gboolean lit)
{
  g_return_if_fail (ESP_IS_GROUP_EDITOR (self));
  gtk_widget_set_opacity (GTK_WIDGET (self->link), lit ? 1 : 0);
  if (lit)
    gtk_widget_add_css_class (GTK_WIDGET (self), "lit");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "lit");
}

/** esp_group_editor_get_range: Returns: (transfer none): its slider. Thread: main. */
GtkRange *
esp_group_editor_get_range (EspGroupEditor *self)
{
  g_return_val_if_fail (ESP_IS_GROUP_EDITOR (self), NULL);
  return self->range;
}
