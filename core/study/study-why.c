/* study-why.c: why the boxes of the picture in view are there, and why others are not */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/study-private.h"

/** study_why_clear: roads are of another threshold, or with @candidates of another picture. Thread: main. */
void
study_why_clear (EspStudy *study, gboolean candidates)
{
  g_clear_pointer (&study->roads, esp_roads_free);
  if (candidates)
    g_clear_pointer (&study->candidates, g_array_unref);
}

/**
 * esp_study_get_roads:
 * @study: the study
 *
 * Made on the first call, at the threshold of the boxes shown. Returns: (transfer none) (nullable): of the picture in view, once it has
 * been looked at; gone with the next picture or threshold. Thread: main.
 */
EspRoads *
esp_study_get_roads (EspStudy *study)
{
  g_return_val_if_fail (ESP_IS_STUDY (study), NULL);
  if (study->roads == NULL && study->candidates != NULL)
    {
      GArray *copy = g_array_copy (study->candidates);

      study->roads = esp_roads_new (copy, (float) study->threshold, study->material->options.nms);
    }
  return study->roads;
}

/** esp_study_find_road: Returns: the row of the roads that is a listed detection; -1 without roads. Thread: main. */
int
esp_study_find_road (EspStudy *study, int detection)
{
  EspRoads *roads = esp_study_get_roads (study);
  const EspDetection *of;

  if (roads == NULL || study->boxes == NULL || detection < 0 || (guint) detection >= study->boxes->n)
    return -1;
  of = &study->boxes->detections[detection];
  for (guint i = 0; i < esp_roads_get_n (roads); i++)
    {
      const EspDetection *row = &esp_roads_get (roads, i)->detection;

      if (row->head == of->head && row->anchor == of->anchor && row->row == of->row && row->column == of->column
          && row->class_index == of->class_index)
        return (int) i;
    }
  return -1;
}

/**
 * esp_study_guess_class:
 * @study: the study
 * @box: drawn; fractions of the picture
 *
 * Returns: the class of the candidate whose score times overlap with @box is greatest, -1 where none touches it. Thread: main.
 */
int
esp_study_guess_class (EspStudy *study, EspBox box)
{
  EspRoads *roads = esp_study_get_roads (study);
  float best = 0;
  int guess = -1;

  for (guint i = 0; roads != NULL && i < esp_roads_get_n (roads); i++)
    {
      const EspDetection *row = &esp_roads_get (roads, i)->detection;
      const float value = row->score * esp_box_iou (row->box, box);

      if (!(value > best))
        continue;
      best = value;
      guess = row->class_index;
    }
  return guess;
}
