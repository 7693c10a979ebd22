/* channel-strip-hands.c: what pointer, keys and menu do to the channels of the strip
 *
 * GtkGridView of 4.8 takes Space for itself: the strip's own keys run in the capture phase on the grid alone. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "channel-strip.h"

#include "channel-strip-private.h"
#include "prune/plan.h"
#include "row-label.h"

/* The unit of the channel that is told; -1 where none is. */
static int
told_unit (EspChannelStrip *self)
{
  g_autoptr (GObject) row = self->told >= 0 && self->model != NULL ? g_list_model_get_item (self->model, (guint) self->told) : NULL;

  return row != NULL ? esp_row_get_int (row, "unit") : -1;
}

static void
light (EspChannelStrip *self, EspChannelCell *cell, int unit)
{
  gpointer row = esp_channel_cell_get_row (cell);

  esp_channel_cell_set_lit (cell, unit >= 0 && row != NULL && (int) esp_channel_cell_get_channel (cell) != self->told
                                      && esp_row_get_int (row, "unit") == unit);
}

void
esp_channel_strip_light (EspChannelStrip *self, EspChannelCell *cell)
{
  light (self, cell, told_unit (self));
}

/* The pointer goes before the keyboard. */
static void
retell (EspChannelStrip *self)
{
  const int channel = self->pointed >= 0 ? self->pointed : self->focused;
  GHashTableIter iter;
  gpointer cell;
  int unit;

  if (channel == self->told)
    return;
  self->told = channel;
  unit = told_unit (self);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, NULL, &cell))
    light (self, cell, unit);
  esp_channel_strip_tell_hovered (self);
}

static void
on_hovered (EspChannelCell *cell, gboolean inside, EspChannelStrip *self)
{
  const int channel = esp_channel_cell_get_row (cell) != NULL ? (int) esp_channel_cell_get_channel (cell) : -1;

  if (inside)
    self->pointed = channel;
  else if (self->pointed == channel)
    self->pointed = -1;
  retell (self);
}

static EspChannelCell *
cell_of (GtkWidget *item)
{
  GtkWidget *child = item != NULL ? gtk_widget_get_first_child (item) : NULL;

  return ESP_IS_CHANNEL_CELL (child) && esp_channel_cell_get_row (ESP_CHANNEL_CELL (child)) != NULL ? ESP_CHANNEL_CELL (child) : NULL;
}

static guint
position_of (EspChannelStrip *self, guint channel)
{
  GListModel *list = G_LIST_MODEL (self->selection);
  guint i;

  for (i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (list, i);

      if ((guint) esp_row_get_int (row, "channel") == channel)
        break;
    }
  return i;
}

/* The first of the selection, else where the keyboard was, else the first in view. */
static guint
wanted_position (EspChannelStrip *self)
{
  g_autoptr (GtkBitset) chosen = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));

  if (!gtk_bitset_is_empty (chosen))
    return gtk_bitset_get_minimum (chosen);
  return self->handed >= 0 ? position_of (self, (guint) self->handed) : 0;
}

/* What the keyboard is at is in view: the grid scrolls for arrows alone. */
static void
scroll_to (EspChannelStrip *self, guint position)
{
  if (position < g_list_model_get_n_items (G_LIST_MODEL (self->selection)))
    gtk_widget_activate_action (GTK_WIDGET (self->grid), "list.scroll-to-item", "u", position);
}

void
esp_channel_strip_enter (EspChannelStrip *self)
{
  const guint position = wanted_position (self);
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  EspChannelCell *cell;

  scroll_to (self, position); /* only what is in view has a cell */
  cell = row != NULL ? g_hash_table_lookup (self->cells, GINT_TO_POINTER (esp_row_get_int (row, "channel"))) : NULL;
  if (cell != NULL)
    gtk_widget_grab_focus (gtk_widget_get_parent (GTK_WIDGET (cell)));
}

static void
on_focus (GtkEventControllerFocus *focus, EspChannelStrip *self)
{
  EspChannelCell *cell = cell_of (gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (focus)));

  self->focused = cell != NULL ? (int) esp_channel_cell_get_channel (cell) : -1;
  if (cell != NULL)
    {
      self->handed = self->focused;
      scroll_to (self, position_of (self, (guint) self->focused));
    }
  retell (self);
}

static void
on_focus_left (GtkEventControllerFocus *focus, EspChannelStrip *self)
{
  self->focused = -1;
  retell (self);
}

void
esp_channel_strip_watch (EspChannelStrip *self, EspChannelCell *cell)
{
  g_signal_connect_object (cell, "hovered", G_CALLBACK (on_hovered), self, 0);
}

/* The grid's own item takes the focus, not the cell in it; one item keeps one cell for life. What must go with it is its description. */
void
esp_channel_strip_watch_item (EspChannelStrip *self, EspChannelCell *cell)
{
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (cell));
  g_autofree char *reason = esp_row_dup_string (esp_channel_cell_get_row (cell), "reason");

  esp_accessible_describe (item, reason);
  if (g_object_get_data (G_OBJECT (item), "esp-watched") == NULL)
    {
      GtkEventController *focus = gtk_event_controller_focus_new ();

      g_signal_connect_object (focus, "enter", G_CALLBACK (on_focus), self, 0);
      g_signal_connect_object (focus, "leave", G_CALLBACK (on_focus_left), self, 0);
      gtk_widget_add_controller (item, focus);
      g_object_set_data (G_OBJECT (item), "esp-watched", item);
    }
}

void
esp_channel_strip_forget_cell (EspChannelStrip *self, EspChannelCell *cell)
{
  if (self->pointed == (int) esp_channel_cell_get_channel (cell))
    {
      self->pointed = -1;
      retell (self);
    }
}

/* What keys and menu act on: the selection, or the focused cell where nothing is selected. (transfer full): of rows. */
GPtrArray *
esp_channel_strip_chosen (EspChannelStrip *self)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GtkBitset) chosen = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  EspChannelCell *cell = cell_of (gtk_widget_get_focus_child (GTK_WIDGET (self->grid)));

  for (guint i = 0; i < gtk_bitset_get_size (chosen); i++)
    g_ptr_array_add (rows, g_list_model_get_item (G_LIST_MODEL (self->selection), gtk_bitset_get_nth (chosen, i)));
  if (rows->len == 0 && cell != NULL)
    g_ptr_array_add (rows, g_object_ref (esp_channel_cell_get_row (cell)));
  return rows;
}

static gboolean
any_kept (GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    if (esp_row_get_int (g_ptr_array_index (rows, i), "kept") != 0)
      return TRUE;
  return FALSE;
}

static gboolean
any_but (GPtrArray *rows, EspChannelRule rule)
{
  for (guint i = 0; i < rows->len; i++)
    if (esp_row_get_int (g_ptr_array_index (rows, i), "rule") != (int) rule)
      return TRUE;
  return FALSE;
}

/* Those a hand cut come back to their rank; where rank has cut one, all by protection. */
static void
restore (EspChannelStrip *self, GPtrArray *rows)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new ();

  for (guint i = 0; i < rows->len; i++)
    if (esp_row_get_int (g_ptr_array_index (rows, i), "kept") == 0)
      g_ptr_array_add (gone, g_ptr_array_index (rows, i));
  if (gone->len > 0)
    esp_channel_strip_request (self, gone, any_but (gone, ESP_CHANNEL_CUT) ? ESP_CHANNEL_PROTECTED : ESP_CHANNEL_BY_RANK);
}

/* Anything kept among the chosen: all go. Else all come back. */
static gboolean
key_cut (GtkWidget *grid, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  if (any_kept (rows))
    esp_channel_strip_request (data, rows, ESP_CHANNEL_CUT);
  else
    restore (data, rows);
  return TRUE;
}

static gboolean
key_protect (GtkWidget *grid, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  if (rows->len > 0)
    esp_channel_strip_request (data, rows, any_but (rows, ESP_CHANNEL_PROTECTED) ? ESP_CHANNEL_PROTECTED : ESP_CHANNEL_BY_RANK);
  return TRUE;
}

static void
cut_activated (GSimpleAction *action, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  esp_channel_strip_request (data, rows, ESP_CHANNEL_CUT);
}

static void
restore_activated (GSimpleAction *action, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  restore (data, rows);
}

static void
protect_activated (GSimpleAction *action, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  esp_channel_strip_request (data, rows, ESP_CHANNEL_PROTECTED);
}

static void
by_rank_activated (GSimpleAction *action, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  esp_channel_strip_request (data, rows, ESP_CHANNEL_BY_RANK);
}

static void
select_all_activated (GSimpleAction *action, GVariant *nothing, gpointer data)
{
  gtk_selection_model_select_all (GTK_SELECTION_MODEL (ESP_CHANNEL_STRIP (data)->selection));
}

static void
look_activated (GSimpleAction *action, GVariant *nothing, gpointer data)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (data);

  if (rows->len > 0)
    esp_channel_strip_look_at (data, (guint) esp_row_get_int (g_ptr_array_index (rows, 0), "channel"));
}

static const GActionEntry entries[] = {
  { "cut", cut_activated, NULL, NULL, NULL, { 0 } },
  { "restore", restore_activated, NULL, NULL, NULL, { 0 } },
  { "protect", protect_activated, NULL, NULL, NULL, { 0 } },
  { "by-rank", by_rank_activated, NULL, NULL, NULL, { 0 } },
  { "select-all", select_all_activated, NULL, NULL, NULL, { 0 } },
  { "look", look_activated, NULL, NULL, NULL, { 0 } },
};

static void
enable (EspChannelStrip *self, const char *name, gboolean enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self->actions), name)), enabled);
}

/* What the menu offers is what would change something. */
static void
update_actions (EspChannelStrip *self)
{
  g_autoptr (GPtrArray) rows = esp_channel_strip_chosen (self);
  gboolean gone = FALSE;

  for (guint i = 0; i < rows->len; i++)
    gone = gone || esp_row_get_int (g_ptr_array_index (rows, i), "kept") == 0;
  enable (self, "cut", any_but (rows, ESP_CHANNEL_CUT));
  enable (self, "restore", gone);
  enable (self, "protect", any_but (rows, ESP_CHANNEL_PROTECTED));
  enable (self, "by-rank", any_but (rows, ESP_CHANNEL_BY_RANK));
  enable (self, "look", rows->len == 1);
}

/* A menu is of the selection, or of the cell it is asked for where that is not in it. */
static void
choose (EspChannelStrip *self, EspChannelCell *cell)
{
  GListModel *list = G_LIST_MODEL (self->selection);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (list, i);

      if (row == esp_channel_cell_get_row (cell) && !gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), i))
        gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), i, TRUE);
    }
}

static void
show_menu (EspChannelStrip *self, EspChannelCell *cell)
{
  graphene_rect_t bounds;
  GdkRectangle at;

  if (cell == NULL || !gtk_widget_compute_bounds (GTK_WIDGET (cell), GTK_WIDGET (self), &bounds))
    return;
  choose (self, cell);
  update_actions (self);
  at = (GdkRectangle){ (int) bounds.origin.x, (int) bounds.origin.y, (int) bounds.size.width, (int) bounds.size.height };
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &at);
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
on_secondary (GtkGestureClick *click, int n, double x, double y, EspChannelStrip *self)
{
  GtkWidget *picked = gtk_widget_pick (GTK_WIDGET (self->grid), x, y, GTK_PICK_DEFAULT);
  GtkWidget *cell = picked != NULL ? gtk_widget_get_ancestor (picked, ESP_TYPE_CHANNEL_CELL) : NULL;

  show_menu (self, cell != NULL ? ESP_CHANNEL_CELL (cell) : picked != NULL ? cell_of (picked) : NULL);
}

static gboolean
key_menu (GtkWidget *grid, GVariant *nothing, gpointer data)
{
  EspChannelStrip *self = data;

  show_menu (self, cell_of (gtk_widget_get_focus_child (GTK_WIDGET (self->grid))));
  return TRUE;
}

static void
on_menu_closed (GtkPopover *menu, EspChannelStrip *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->grid));
}

static void
add_menu (EspChannelStrip *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "channels", G_ACTION_GROUP (self->actions));
  self->menu = gtk_popover_menu_new_from_model (self->cell_menu);
  gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
  gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
  g_signal_connect_object (self->menu, "closed", G_CALLBACK (on_menu_closed), self, 0);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect_object (click, "pressed", G_CALLBACK (on_secondary), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self->grid), GTK_EVENT_CONTROLLER (click));
}

static void
add_key (EspChannelStrip *self, GtkEventController *keys, const char *trigger, GtkShortcutFunc func)
{
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys), gtk_shortcut_new (gtk_shortcut_trigger_parse_string (trigger),
                                                                                          gtk_callback_action_new (func, self, NULL)));
}

void
esp_channel_strip_add_hands (EspChannelStrip *self)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  add_key (self, keys, "space|KP_Space", key_cut);
  add_key (self, keys, "p", key_protect);
  add_key (self, keys, "Menu|<Shift>F10", key_menu);
  gtk_widget_add_controller (GTK_WIDGET (self->grid), keys);
  add_menu (self);
}

void
esp_channel_strip_drop_hands (EspChannelStrip *self)
{
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_object (&self->actions);
}
