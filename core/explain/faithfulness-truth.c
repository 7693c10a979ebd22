/* faithfulness-truth.c: which object an explained box stands for */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/faithfulness-run.h"

#define MATCHED_ABOVE .5f

/**
 * esp_faith_case_match:
 * @of: its detection is filled in
 * @truths: of the image
 * @n: how many
 * @map: (nullable): their classes to the network's; NULL: they are the network's
 *
 * The object of the detection's class that it overlaps most, by more than 0.5; none is none. Crowds, which are many objects under one box,
 * and those marked difficult do not count. Thread: any.
 */
void
esp_faith_case_match (EspFaithCase *of, const EspTruth *truths, guint n, const EspClassMap *map)
{
  float most = MATCHED_ABOVE;

  of->has_truth = FALSE;
  for (guint i = 0; i < n; i++)
    {
      const int class_index = map != NULL ? map->to_network[truths[i].class_index] : truths[i].class_index;
      const float overlap = esp_box_iou (of->detection.box, truths[i].box);

      if (class_index != of->detection.class_index || truths[i].difficult || !(overlap > most))
        continue;
      most = overlap;
      of->truth = truths[i].box;
      of->has_truth = TRUE;
    }
}

/** esp_faith_case_box: Returns: where pointing and energy are asked for: the object's box, of a detection without one its own. Thread:
 * any. */
EspBox
esp_faith_case_box (const EspFaithCase *of)
{
  return of->has_truth ? of->truth : of->detection.box;
}
