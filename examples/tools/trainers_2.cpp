// For models of two to four outputs.
#include "trainer_of.hpp"

template std::unique_ptr<tool::AnyTrainer> tool::make_trainer_of<2>(functional::Model&, const Compilation&);
template std::unique_ptr<tool::AnyTrainer> tool::make_trainer_of<3>(functional::Model&, const Compilation&);
template std::unique_ptr<tool::AnyTrainer> tool::make_trainer_of<4>(functional::Model&, const Compilation&);
